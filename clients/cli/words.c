/* words.c - names of the contract in the words of people. */
#include "cli/print.h"

#include "kit/err.h"

#include <string.h>

struct word {
    const char *name, *id, *en;
};

static const char *find(const struct cli *cli, const struct word *words, size_t count,
                        const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(words[i].name, name) == 0)
            return cli_word(cli, words[i].id, words[i].en);
    return name;
}

static const struct word words[] = {
    /* clang-format off */
    {"SLOT_STATE_OPEN",             "buka",              "open"},
    {"SLOT_STATE_REG_CLOSED",       "pendaftaran tutup", "registration closed"},
    {"SLOT_STATE_RUNNING",          "berjalan",          "running"},
    {"SLOT_STATE_FINISHED",         "selesai",           "finished"},
    {"SLOT_STATE_CANCELLED",        "dibatalkan",        "cancelled"},
    {"ALLOCATION_STATE_WAITLISTED", "antre",             "waiting"},
    {"ALLOCATION_STATE_HELD",       "ditahan",           "held"},
    {"ALLOCATION_STATE_RESERVED",   "dipesan",           "reserved"},
    {"ALLOCATION_STATE_CONFIRMED",  "pasti",             "confirmed"},
    {"ALLOCATION_STATE_OCCUPIED",   "ditempati",         "occupied"},
    {"ALLOCATION_STATE_COMPLETED",  "selesai",           "completed"},
    {"ALLOCATION_STATE_RELEASED",   "dilepas",           "released"},
    {"ALLOCATION_STATE_EXPIRED",    "kedaluwarsa",       "expired"},
    {"ALLOCATION_STATE_FORFEITED",  "hangus",            "forfeited"},
    {"ALLOCATION_STATE_VOIDED",     "batal",             "voided"},
    {"SEX_FEMALE",                  "P",                 "F"},
    {"SEX_MALE",                    "L",                 "M"},
    {"SEX_UNKNOWN",                 "?",                 "?"},
    {"AGE_BAND_U18",                "di bawah 18",       "under 18"},
    {"AGE_BAND_A18_24",             "18-24",             "18-24"},
    {"AGE_BAND_A25_34",             "25-34",             "25-34"},
    {"AGE_BAND_A35_44",             "35-44",             "35-44"},
    {"AGE_BAND_A45_59",             "45-59",             "45-59"},
    {"AGE_BAND_A60P",               "60+",               "60+"},
    {"AGE_BAND_UNK",                "?",                 "?"},
    {"CASE_STATE_NEW", "baru", "new"},
    {"CASE_STATE_INTAKE", "diterima", "intake"},
    {"CASE_STATE_ASSESSING", "asesmen", "assessing"},
    {"CASE_STATE_IN_SERVICE", "dilayani", "in service"},
    {"CASE_STATE_IN_TRAINING", "pelatihan", "in training"},
    {"CASE_STATE_AFTERCARE", "bimbingan lanjut", "aftercare"},
    {"CASE_STATE_CLOSED", "ditutup", "closed"},
    {"CASE_STATE_TRANSFERRED", "dialihkan", "transferred"},
    {"CASE_STATE_DECLINED", "ditolak", "declined"},
    {"CASE_STATE_VOID", "batal", "void"},
    {"REFERRAL_STATE_SUBMITTED", "diajukan", "submitted"},
    {"REFERRAL_STATE_ACKNOWLEDGED", "dikonfirmasi", "acknowledged"},
    {"REFERRAL_STATE_ACCEPTED", "diterima", "accepted"},
    {"REFERRAL_STATE_DECLINED", "ditolak", "declined"},
    {"REFERRAL_STATE_REDIRECTED", "dialihkan", "redirected"},
    {"REFERRAL_STATE_WITHDRAWN", "ditarik", "withdrawn"},
    {"REFERRAL_STATE_LOOP_CLOSED", "tuntas", "closed"},
    {"REFERRAL_KIND_INTAKE", "penjangkauan", "intake"},
    {"REFERRAL_KIND_SERVICE", "layanan", "service"},
    {"REFERRAL_KIND_TRANSFER", "pengalihan", "transfer"},
    {"ITEM_STATE_IN_STOCK", "di gudang", "in stock"},
    {"ITEM_STATE_ON_LOAN", "dipinjam", "on loan"},
    {"ITEM_STATE_GRANTED", "diserahkan", "granted"},
    {"ITEM_STATE_AT_RISK", "berisiko", "at risk"},
    {"ITEM_STATE_OWNED", "milik penerima", "owned"},
    {"ITEM_STATE_WRITTEN_OFF", "dihapus", "written off"},
    {"RESULT_COMPLETED", "lulus", "completed"},
    {"RESULT_DROPPED_OUT", "berhenti", "dropped out"},
    {"RESULT_NO_SHOW", "tidak hadir", "no show"},
    {"RESULT_REMOVED", "dikeluarkan", "removed"},
    {"RESULT_LEFT_FOR_WORK", "bekerja", "left for work"},
    {"RESULT_MOVED_AWAY", "pindah", "moved away"},
    {"RESULT_DECEASED", "meninggal", "deceased"},
    {"FINDING_IN_USE", "dipakai", "in use"},
    {"FINDING_PRESENT_UNUSED", "ada, tidak dipakai", "present, unused"},
    {"FINDING_DAMAGED", "rusak", "damaged"},
    {"FINDING_NOT_SHOWN", "tidak ditunjukkan", "not shown"},
    {"FINDING_SOLD", "dijual", "sold"},
    {"FINDING_PLEDGED", "digadaikan", "pledged"},
    {"FINDING_STOLEN", "dicuri", "stolen"},
    {"FINDING_RETURNED", "dikembalikan", "returned"},
    {"AGGREGATE_TYPE_REFERRAL", "rujukan", "referral"},
    {"AGGREGATE_TYPE_CASE", "kasus", "case"},
    {"AGGREGATE_TYPE_SLOT", "slot", "slot"},
    {"AGGREGATE_TYPE_PLACEMENT", "penempatan", "placement"},
    {"AGGREGATE_TYPE_ITEM", "barang", "item"},
    {"AGGREGATE_TYPE_AGENCY", "instansi", "agency"},
    {"AGGREGATE_TYPE_PLAN", "rencana", "plan"},
    {"AGGREGATE_TYPE_REQUEST", "permohonan", "request"},
    {"SCOPE_SHARE_WITH_PROVIDER", "penyelenggara", "provider"},
    {"SCOPE_SHARE_HEALTH_LIMITS", "batasan kesehatan", "health limits"},
    {"SCOPE_CONTACT_AFTER_CLOSE", "dihubungi setelah ditutup", "contact after close"},
    {"SCOPE_USE_FOR_EVALUATION", "evaluasi", "evaluation"},
    {"SCOPE_SHARE_WITH_DPPPA", "DPPPA", "DPPPA"},
    {"PLAN_STATE_ACTIVE", "berjalan", "active"},
    {"PLAN_STATE_COMPLETED", "selesai", "completed"},
    {"PLAN_STATE_REPLACED", "diganti", "replaced"},
    {"PLAN_STATE_ENDED", "berakhir", "ended"},
    {"CLOSE_REASON_INDEPENDENT", "mandiri", "independent"},
    {"CLOSE_REASON_REUNIFIED", "kembali ke keluarga", "reunified"},
    {"CLOSE_REASON_RETURNED_HOME_REGION", "dipulangkan", "returned home"},
    {"CLOSE_REASON_MOVED_TO_HOME", "masuk panti", "moved to a home"},
    {"CLOSE_REASON_REFUSED_SERVICE", "menolak layanan", "refused service"},
    {"CLOSE_REASON_LOST_CONTACT", "hilang kontak", "lost contact"},
    {"CLOSE_REASON_NOT_PPKS", "bukan PPKS", "not a PPKS"},
    {"CLOSE_REASON_DECEASED", "meninggal", "deceased"},
    {"CLOSE_REASON_DUPLICATE_CASE", "kasus ganda", "duplicate case"},
    {"SPM_SERVICE_FOOD", "permakanan", "food"},
    {"SPM_SERVICE_CLOTHING", "sandang", "clothing"},
    {"SPM_SERVICE_ASSISTIVE_DEVICE", "alat bantu", "assistive device"},
    {"SPM_SERVICE_HEALTH_SUPPLIES", "perbekalan kesehatan", "health supplies"},
    {"SPM_SERVICE_GUIDANCE", "bimbingan", "guidance"},
    {"SPM_SERVICE_FAMILY_GUIDANCE", "bimbingan keluarga", "family guidance"},
    {"SPM_SERVICE_CIVIL_DOCUMENTS", "dokumen kependudukan", "civil documents"},
    {"SPM_SERVICE_EDU_HEALTH_ACCESS", "akses pendidikan dan kesehatan", "education and health"},
    {"SPM_SERVICE_FAMILY_TRACING", "penelusuran keluarga", "family tracing"},
    {"SPM_SERVICE_REUNIFICATION", "reunifikasi", "reunification"},
    {"SPM_SERVICE_REFERRAL", "rujukan", "referral"},
    {"DECLINE_REASON_NO_CAPACITY", "tidak ada tempat", "no capacity"},
    {"DECLINE_REASON_AGE", "umur", "age"},
    {"DECLINE_REASON_SEX", "jenis kelamin", "sex"},
    {"DECLINE_REASON_REGION", "wilayah", "region"},
    {"DECLINE_REASON_SCHOOLING", "pendidikan", "schooling"},
    {"DECLINE_REASON_MISSING_DOCUMENT", "dokumen kurang", "missing document"},
    {"DECLINE_REASON_PRIOR_COURSE", "pernah ikut", "prior course"},
    {"DECLINE_REASON_IS_MINOR", "anak", "minor"},
    {"DECLINE_REASON_NOT_PPKS", "bukan PPKS", "not a PPKS"},
    {"DECLINE_REASON_HEALTH_FIRST", "kesehatan dahulu", "health first"},
    {"DECLINE_REASON_OUT_OF_TOWN", "luar kota", "out of town"},
    {"DECLINE_REASON_DUPLICATE", "ganda", "duplicate"},
    {"DECLINE_REASON_WRONG_AGENCY", "salah dinas", "wrong agency"},
    {"DECLINE_REASON_PERSON_REFUSED", "orangnya menolak", "person refused"},
    {"DECLINE_REASON_PERSON_NOT_FOUND", "tidak ditemukan", "person not found"},
    {"DECLINE_REASON_PERSON_LEFT", "orangnya pergi", "person left"},
    {"DECLINE_REASON_SLOT_CANCELLED", "slot dibatalkan", "slot cancelled"},
    {"DECLINE_REASON_OTHER", "lain", "other"},
    {"DECLINED_BY_UNSPECIFIED", "-", "-"},
    {"DECLINED_BY_PERSON", "orangnya", "person"},
    {"DECLINED_BY_RECEIVER", "penerima", "receiver"},
    {"NIK_STATUS_VERIFIED", "terverifikasi", "verified"},
    {"NIK_STATUS_STATED", "disebut", "stated"},
    {"NIK_STATUS_NOT_FOUND", "tidak ditemukan", "not found"},
    {"NIK_STATUS_NONE", "tidak punya", "none"},
    {"NIK_STATUS_REFUSED", "menolak", "refused"},
    {"LIVELIHOOD_TRAINED_SKILL_SELF", "usaha sendiri sesuai kursus", "own work with the skill"},
    {"LIVELIHOOD_TRAINED_SKILL_EMPLOYED", "bekerja sesuai kursus", "employed with the skill"},
    {"LIVELIHOOD_OTHER_WORK", "pekerjaan lain", "other work"},
    {"LIVELIHOOD_NONE", "tidak ada", "none"},
    {"LIVELIHOOD_BEGGING", "mengemis", "begging"},
    {"LIVELIHOOD_UNKNOWN", "tidak diketahui", "unknown"},
    {"KIND_ACCESS", "akses", "access"},
    {"KIND_CORRECTION", "koreksi", "correction"},
    {"KIND_ERASURE", "penghapusan", "erasure"},
    {"KIND_RESTRICTION", "pembatasan", "restriction"},
    {"KIND_UNRESTRICT", "pencabutan pembatasan", "end of restriction"},
}; /* clang-format on */

const char *word_of(const struct cli *cli, const char *enum_name)
{
    return find(cli, words, SG_ARRAY_LEN(words), enum_name);
}

const char *rule_word(const struct cli *cli, const char *rule)
{
    static const struct word rules[] = {
        /* clang-format off */
        {"T01", "konfirmasi rujukan", "acknowledge the referral"},
        {"T02", "putuskan rujukan", "decide the referral"},
        {"T03", "asesmen", "assess"},
        {"T04", "teruskan anak ke DPPPA", "hand the minor over"},
        {"T05", "jawab kursi yang ditahan", "answer for the held seat"},
        {"T06", "pastikan kursi", "confirm the seat"},
        {"T07", "laporkan mulai", "report the start"},
        {"T08", "laporkan presensi", "report attendance"},
        {"T09", "serahkan peralatan", "issue the kit"},
        {"T10", "periksa atau kembalikan barang", "check or return the item"},
        {"T11", "kunjungi, atau buat rencana", "visit, or set a plan"},
        {"T12", "kasus tanpa kegiatan", "nothing happens in the case"},
        {"T13", "jawab permohonan hak", "answer the request"},
        {"T14", "hapus data yang diperintahkan", "carry out the erasure"},
        {"T15", "instansi tidak terhubung", "the agency is silent"},
    }; /* clang-format on */
    return find(cli, rules, SG_ARRAY_LEN(rules), rule);
}

const char *topic_word(const struct cli *cli, const char *topic)
{
    static const struct word topics[] = {
        /* clang-format off */
        {"slot.changed",            "slot pelatihan diubah",              "the training slot was changed"},
        {"slot.cancelled",          "slot pelatihan dibatalkan",          "the training slot was cancelled"},
        {"seat.requested",          "kursi diminta",                      "a seat was asked for"},
        {"seat.decided",            "kursi diputuskan",                   "a seat was decided"},
        {"seat.allocation_changed", "kursi itu sudah diberikan kepada orang lain", "the seat went to somebody else"},
        {"placement.ended",         "penempatan berakhir",                "the placement has ended"},
        {"equipment.issued",        "peralatan diserahkan",               "equipment was handed over"},
        {"ACTIVE_PLACEMENT",        "orang itu sudah punya kursi lain",   "the person has another seat by now"},
    }; /* clang-format on */
    return find(cli, topics, SG_ARRAY_LEN(topics), topic);
}
