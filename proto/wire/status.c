#include "wire/status.h"

#include "wire/phrases.h"

#include <stdio.h>

static const struct row {
    uint32_t code;
    const char *name, *id, *en;
} rows[] = {
    /* clang-format off */
    {SG_ST_AUTH_MISMATCH, "E_AUTH_MISMATCH", "instansi penerbit tidak sama dengan instansi pemilik kunci", "the publishing agency is not the agency of the key"},
    {SG_ST_FORBIDDEN, "E_FORBIDDEN", "instansi ini tidak berwenang untuk jenis peristiwa ini", "this agency may not publish this type of event"},
    {SG_ST_NOT_OWNER, "E_NOT_OWNER", "objek ini milik instansi lain", "the object belongs to another agency"},
    {SG_ST_DERIVED_TYPE, "E_DERIVED_TYPE", "jenis peristiwa ini hanya diterbitkan oleh sistem", "only the broker publishes this type of event"},
    {SG_ST_SCHEMA, "E_SCHEMA", "bentuk isian salah", "the value does not have the right form"},
    {SG_ST_MISSING_FIELD, "E_MISSING_FIELD", "isian wajib belum diisi", "a mandatory field is missing"},
    {SG_ST_BAD_CODE, "E_BAD_CODE", "kode tidak ada dalam daftar yang diterima", "the code is not in the list of accepted codes"},
    {SG_ST_FUTURE_TIME, "E_FUTURE_TIME", "waktu kejadian ada di masa depan", "the time of the event lies in the future"},
    {SG_ST_TOO_OLD, "E_TOO_OLD", "kejadian terlalu lama berlalu", "the event is too old"},
    {SG_ST_DUPLICATE_CONFLICT, "E_DUPLICATE_CONFLICT", "nomor atau id ini sudah dipakai dengan isi yang lain", "this number or id was used before with other contents"},
    {SG_ST_SEQ_GAP, "E_SEQ_GAP", "nomor tidak berurutan; kirim ulang dari nomor yang diharapkan", "numbers have a gap; send again from the expected number"},
    {SG_ST_VERSION_CONFLICT, "E_VERSION_CONFLICT", "data sudah berubah sejak terakhir dibaca", "the object has changed since it was read"},
    {SG_ST_UNKNOWN_OBJECT, "E_UNKNOWN_OBJECT", "objek yang disebut tidak ada", "the object that is named does not exist"},
    {SG_ST_PARK_TIMEOUT, "E_PARK_TIMEOUT", "objek yang ditunggu tidak datang dalam 14 hari", "the awaited object did not come within 14 days"},
    {SG_ST_BAD_TRANSITION, "E_BAD_TRANSITION", "tidak dapat dilakukan dalam keadaan sekarang", "not possible in the present state"},
    {SG_ST_DUPLICATE_REFERRAL, "E_DUPLICATE_REFERRAL", "orang ini sudah dirujuk dan rujukannya masih terbuka", "this person was referred already and that referral is still open"},
    {SG_ST_TOO_MANY_HOPS, "E_TOO_MANY_HOPS", "rujukan sudah dialihkan tiga kali", "the referral was redirected three times already"},
    {SG_ST_SLOT_FULL, "E_SLOT_FULL", "tidak ada kursi kosong", "there is no free seat"},
    {SG_ST_SLOT_CLOSED, "E_SLOT_CLOSED", "pendaftaran pelatihan ini sudah ditutup", "registration for this training is closed"},
    {SG_ST_SLOT_CANCELLED, "E_SLOT_CANCELLED", "pelatihan ini dibatalkan", "this training was cancelled"},
    {SG_ST_CAPACITY_BELOW_ALLOCATED, "E_CAPACITY_BELOW_ALLOCATED", "jumlah kursi lebih kecil daripada yang sudah terisi", "fewer seats than are taken already"},
    {SG_ST_INELIGIBLE, "E_INELIGIBLE", "orang ini tidak memenuhi syarat pelatihan", "the person does not meet the conditions of the training"},
    {SG_ST_ACTIVE_PLACEMENT, "E_ACTIVE_PLACEMENT", "orang ini sudah memegang satu kursi", "the person holds a seat already"},
    {SG_ST_NO_CONSENT, "E_NO_CONSENT", "belum ada persetujuan yang berlaku", "there is no valid consent"},
    {SG_ST_MINOR, "E_MINOR", "tidak boleh untuk anak di bawah 18 tahun", "not allowed for a person under 18"},
    {SG_ST_RESTRICTED, "E_RESTRICTED", "data orang ini sedang dibatasi", "the data of this person are restricted"},
    {SG_ST_ERASED, "E_ERASED", "data orang ini sudah dihapus", "the data of this person were erased"},
    {SG_ST_NOT_ENTITLED, "E_NOT_ENTITLED", "belum berhak menerima peralatan ini", "not entitled to this equipment"},
    {SG_ST_COURSE_MISMATCH, "E_COURSE_MISMATCH", "peralatan tidak sesuai dengan pelatihan", "the equipment does not fit the course"},
    {SG_ST_ALREADY_ISSUED, "E_ALREADY_ISSUED", "peralatan ini sudah pernah diberikan", "this kit was issued already"},
    {SG_ST_ITEM_NOT_AVAILABLE, "E_ITEM_NOT_AVAILABLE", "barang tidak ada di gudang", "the item is not in stock"},
    {SG_ST_BAST_REUSED, "E_BAST_REUSED", "nomor BAST sudah dipakai untuk penerima lain", "the BAST number was used for another recipient"},
    {SG_ST_OPEN_SEAT, "E_OPEN_SEAT", "orang ini masih memegang kursi", "the person still holds a seat"},
    {SG_ST_OPEN_LOAN, "E_OPEN_LOAN", "masih ada peralatan yang dipinjam", "equipment is still on loan"},
    {SG_ST_CLOSE_CRITERIA, "E_CLOSE_CRITERIA", "syarat penutupan kasus belum terpenuhi", "the criteria for closing are not met"},
    {SG_ST_FOUR_EYES, "E_FOUR_EYES", "harus disetujui oleh dua orang yang berbeda", "two different people must approve"},
    {SG_ST_CORRECTION_DEPENDS, "E_CORRECTION_DEPENDS", "peristiwa lain bergantung pada peristiwa ini", "other events depend on this one"},
    {SG_ST_LINK_CONFLICT, "E_LINK_CONFLICT", "kedua orang masih memegang kursi", "both persons hold a seat"},
    {SG_ST_IDENTITY_NOT_CHECKED, "E_IDENTITY_NOT_CHECKED", "identitas pemohon belum diperiksa", "the identity of the requester was not checked"},
    {SG_ST_STORAGE, "E_STORAGE", "ruang simpan server menipis; tidak ada yang diterima, coba lagi", "the server is short of space; nothing was accepted, try again"},
    {SG_ST_PROTOCOL, "E_PROTOCOL", "pesan tidak sesuai protokol", "the message does not follow the protocol"},
    {SG_ST_HELLO_FIRST, "E_HELLO_FIRST", "sambungan harus dimulai dengan Hello", "a connection begins with Hello"},
    {SG_ST_IN_USE, "E_IN_USE", "langganan ini sedang dipakai perangkat lain", "the subscription is held by another device"},
    {SG_ST_TAKEN_OVER, "E_TAKEN_OVER", "langganan ini diambil alih perangkat lain", "another device took the subscription over"},
    {SG_ST_BUSY, "E_BUSY", "server sibuk; coba lagi sebentar lagi", "the server is busy; try again soon"},
    {SG_ST_QUOTA, "E_QUOTA", "batas pemakaian instansi ini tercapai", "the quota of this agency is used up"},
    {SG_ST_HISTORY, "E_HISTORY", "riwayat server tidak sama dengan yang pernah dilihat perangkat ini", "the server's history is not the one that this device has seen"},
    {SG_ST_SUSPENDED, "E_SUSPENDED", "kunci dicabut, ditangguhkan, atau di luar masa berlaku", "the key was revoked, suspended, or is out of its dates"},
    {SG_ST_SILENT, "E_SILENT", "tidak ada kabar dari perangkat selama 30 detik", "nothing was heard from the device for 30 seconds"},
    {SG_ST_STOPPING, "E_STOPPING", "server sedang berhenti; sambungkan lagi nanti", "the server is stopping; connect again later"},
    {SG_ST_W_SPM_7_DAYS, "W_SPM_7_DAYS", "makanan lebih dari 7 hari", "food for more than 7 days"},
    {SG_ST_W_WAIVER, "W_WAIVER", "dokumen dikecualikan", "a document was waived"},
    {SG_ST_W_LOW_ATTENDANCE, "W_LOW_ATTENDANCE", "kehadiran di bawah 50 persen", "attendance below 50 percent"},
    {SG_ST_W_NIK_MISMATCH, "W_NIK_MISMATCH", "NIK tidak cocok dengan jenis kelamin atau tanggal lahir", "the NIK contradicts the stated sex or birth date"},
    {SG_ST_W_OLD_REGION, "W_OLD_REGION", "kode wilayah tidak berlaku pada tanggal kejadian", "the region code was not valid on the day of the event"},
    {SG_ST_W_LATE, "W_LATE", "diterima lebih dari 72 jam setelah kejadian", "accepted more than 72 hours after the event"},
}; /* clang-format on */

static const struct row *row_of(uint32_t code)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        if (rows[i].code == code)
            return &rows[i];
    return NULL;
}

const char *sg_status_name(uint32_t code)
{
    const struct row *row = row_of(code);
    return row ? row->name : "E_UNKNOWN";
}

uint32_t sg_status_of(const char *name)
{
    for (size_t i = 0; i < SG_ARRAY_LEN(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].code;
    return SG_ST_OK;
}

const char *sg_status_text_id(uint32_t code)
{
    const struct row *row = row_of(code);
    return row ? row->id : "kode yang tidak dikenal versi ini";
}

const char *sg_status_text_en(uint32_t code)
{
    const struct row *row = row_of(code);
    return row ? row->en : "a code that this version does not know";
}

/* A phrase is found by its format or, where that is "%s", by the whole text. */
SG_PRINTF(2, 0)
static void print_accepted(struct sg_fault *fault, const char *accepted, va_list args)
{
    va_list again;
    va_copy(again, args);
    (void)vsnprintf(fault->accepted, sizeof fault->accepted, accepted, args);
    if (sg_phrase_id(accepted) != accepted)
        (void)vsnprintf(fault->accepted_id, sizeof fault->accepted_id, sg_phrase_id(accepted),
                        again);
    else
        (void)snprintf(fault->accepted_id, sizeof fault->accepted_id, "%s",
                       sg_phrase_id(fault->accepted));
    va_end(again);
}

bool sg_refuse_v(struct sg_fault *fault, uint32_t code, const char *object, const char *detail,
                 const char *accepted, va_list args)
{
    *fault = (struct sg_fault){.code = code};
    (void)snprintf(fault->object, sizeof fault->object, "%s", object ? object : "");
    (void)snprintf(fault->detail, sizeof fault->detail, "%s", detail ? detail : "");
    if (accepted)
        print_accepted(fault, accepted, args);
    return false;
}

bool sg_refuse(struct sg_fault *fault, uint32_t code, const char *object, const char *detail,
               const char *accepted, ...)
{
    va_list args;
    va_start(args, accepted);
    (void)sg_refuse_v(fault, code, object, detail, accepted, args);
    va_end(args);
    return false;
}

static void sentence(const struct sg_fault *fault, const char *rule, const char *accepted_word,
                     const char *accepted, char *to, size_t size)
{
    const char *colon = fault->object[0] && fault->detail[0] ? ": " : "";
    bool named = fault->object[0] || fault->detail[0];
    (void)snprintf(to, size, "%s: %s%s%s%s%s%s%s%s%s", sg_status_name(fault->code), rule,
                   named ? " (" : "", fault->object, colon, fault->detail, named ? ")" : "",
                   accepted[0] ? "; " : "", accepted[0] ? accepted_word : "", accepted);
}

void sg_fault_text_id(const struct sg_fault *fault, char *to, size_t size)
{
    sentence(fault, sg_status_text_id(fault->code), "yang diterima: ", fault->accepted_id, to,
             size);
}

void sg_fault_text_en(const struct sg_fault *fault, char *to, size_t size)
{
    sentence(fault, sg_status_text_en(fault->code), "accepted: ", fault->accepted, to, size);
}
