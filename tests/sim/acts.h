/* acts.h - what agencies state in a random history: mostly sensible, some of it wrong on purpose.
 *
 * Objects are taken from the model, so that an event fits the state in which it comes; then now and
 * then something is spoilt: the publisher, the object, a date, a version. Some events come too
 * early: a change of a slot that is offered later, an end before the beginning, a check of an item
 * that is not registered yet.
 */
#ifndef SINERGI_SIM_ACTS_H
#define SINERGI_SIM_ACTS_H

#include "kit/sample.h"
#include "sim/model.h"

enum { ACTS_PEOPLE = 60, ACTS_WITH_NIK = 48, ACTS_PLANNED = 8 };

struct acts {
    struct prng prng;
    struct sample sample;
    struct sg_arena *arena; /* of the envelope */
    struct model *model;
    const struct sg_roster *roster;
    int64_t now_ms;
    struct sg_id refs[ACTS_PEOPLE];         /* satpolpp's pseudonyms of people without papers */
    unsigned person;                        /* whom the last E01 was about */
    struct sg_id slots_ahead[ACTS_PLANNED]; /* spoken of before they are offered */
    struct sg_id items_ahead[ACTS_PLANNED]; /* spoken of before they are registered */
    struct sg_id plans_ahead[ACTS_PLANNED]; /* visited before they are set */
    size_t slots_ahead_count, items_ahead_count, plans_ahead_count;
    uint64_t bast_count;
};

void acts_init(struct acts *acts, uint64_t seed, struct model *model,
               const struct sg_roster *roster, struct sg_arena *arena);
/* The next event; lives in the arena. */
PbEnvelope *acts_next(struct acts *acts, int64_t now_ms);
/* An event was accepted and gave the publisher this pseudonym (zero: none). */
void acts_note(struct acts *acts, const PbEnvelope *envelope, const struct sg_id *person_ref);
/* How far the clock moves: minutes, hours, days, sometimes weeks. */
int64_t acts_pause_ms(struct prng *prng);

/* ---- inside ---- */
uint64_t below(struct acts *a, uint64_t limit);
bool one_in(struct acts *a, uint64_t n);
char *act_text(struct acts *a, const char *from);
ProtobufCBinaryData act_id(struct acts *a, const struct sg_id *id);
struct sg_id act_new_id(struct acts *a);
PbDate *act_date(struct acts *a, int32_t day_no);
Google__Protobuf__Timestamp *act_time(struct acts *a, int64_t ms);
int32_t act_today(const struct acts *a);
/* An envelope of the type; now and then of a wrong publisher. */
PbEnvelope *act_envelope(struct acts *a, const char *type, const char *publisher);
void act_personal(PbEnvelope *e, PbLegalBasis basis);
/* Any agency; one with the capability. */
const char *act_agency(struct acts *a);
const char *act_agency_with(struct acts *a, PbCapability capability);
/* One of the newest objects of a pile that fits, most of the time; NULL when there is none. */
void *act_pick(struct acts *a, const struct pile *pile, size_t newest,
               bool (*fits)(const struct acts *a, const void *object));
/* An event is parked that waits for this object. */
bool act_is_waited_for(const struct acts *a, const struct sg_id *id);
void act_about(struct acts *a, PbPersonIdentity *p, unsigned k);
PbPersonIdentity *act_person(struct acts *a, unsigned k);
PbPersonIdentity *act_age(struct acts *a, bool child);
int act_birth_year(unsigned k);

PbEventRef *act_place(struct acts *a, const struct sg_id *outbox_id, uint64_t number);
/* An envelope of a case, by its owner. */
PbEnvelope *act_of_case(struct acts *a, const char *type, const struct m_case *c);
const struct sg_id *act_ref_of(const struct acts *a, const char *agency, const struct m_person *p);

PbEnvelope *act_consent(struct acts *a);
PbEnvelope *act_deliver(struct acts *a);
PbEnvelope *act_plan(struct acts *a);
PbEnvelope *act_visit(struct acts *a);
PbEnvelope *act_close(struct acts *a);
PbEnvelope *act_link(struct acts *a);
PbEnvelope *act_ask_rights(struct acts *a);
PbEnvelope *act_refer(struct acts *a);
PbEnvelope *act_serve(struct acts *a);
PbEnvelope *act_transfer(struct acts *a);
PbEnvelope *act_acknowledge(struct acts *a);
PbEnvelope *act_decide(struct acts *a);
PbEnvelope *act_contact(struct acts *a);
PbEnvelope *act_assess(struct acts *a);
PbEnvelope *act_correct(struct acts *a);
PbEnvelope *act_derived(struct acts *a);
PbEnvelope *act_offer(struct acts *a);
PbEnvelope *act_change(struct acts *a);
PbEnvelope *act_cancel(struct acts *a);
PbEnvelope *act_request(struct acts *a);
PbEnvelope *act_settle(struct acts *a);
PbEnvelope *act_start(struct acts *a);
PbEnvelope *act_attend(struct acts *a);
PbEnvelope *act_end(struct acts *a);
PbEnvelope *act_register(struct acts *a);
PbEnvelope *act_issue(struct acts *a);
PbEnvelope *act_check(struct acts *a);

#endif
