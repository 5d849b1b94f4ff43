/* mentoring.h - plans of mentoring and their visits (E19, E20). Source: domain 7.6, T11 of 8.6.
 *
 *    - --E19--> ACTIVE --all checkpoints done or passed over--> COMPLETED
 *               ACTIVE --E19 with replaces_plan_id--> REPLACED;  its case is over --> ENDED
 *
 * Checkpoints of a template: in training every so many weeks from starts_on (W2, W4, …; counted on
 * through a second course), as long as the placement runs; then days and months from the end of the
 * course, or from starts_on when the plan begins later or without a course.
 *
 *    STANDARD_12M  every 14 days; D07 D14 D21 D28 D45 D60 D75 D90 M04 M05 M06 M09 M12
 *    INTENSIVE     every 7 days;  D07 and so on weekly to D84, M04 and so on monthly to M12
 *
 * A visit with contact does its checkpoint and passes over those before it that nobody has done:
 * they are missed, and no longer waited for. T11 runs for the first checkpoint that is still open.
 */
#ifndef SINERGI_LEDGER_MENTORING_H
#define SINERGI_LEDGER_MENTORING_H

#include "ledger/decision.h"

/* ---- the plan (mentoring_plan.c) ---- */

/* The plan of a case; *out_row NULL when it has none that is ACTIVE. */
SG_MUST_CHECK enum sg_err plan_of_case(struct ledger_turn *turn, const PbCaseRow *c,
                                       struct sg_id *out_id, PbPlanRow **out_row,
                                       struct sg_why *why);
/* The plan as it stands from now on, one version further. */
PbPlanEffect *plan_effect(struct decision *d, const struct sg_id *id, PbPlanRow *row);
/* Checkpoints of the template: in a course from its first to its last day, and after it. */
void plan_lay_training(struct ledger_turn *turn, PbPlanRow *row, int32_t first_day,
                       int32_t last_day);
void plan_lay_aftercare(struct ledger_turn *turn, PbPlanRow *row, int32_t from);
void plan_lay(struct ledger_turn *turn, PbPlanRow *row, const char *code, int32_t due_on,
              bool in_training);
/* The first checkpoint that somebody still waits for; NULL: none. */
PbCheckpointRow *plan_next(const PbPlanRow *row);
/* Nothing is left to do. In a course the after-care is still to come. */
bool plan_is_done(const PbPlanRow *row);
/* T11 of the plan as it stands: ended, and begun again for the next open checkpoint. */
SG_MUST_CHECK enum sg_err plan_limit(struct decision *d, const struct sg_id *id,
                                     const PbPlanRow *row, struct sg_why *why);
/* The case is over: so is its plan. */
SG_MUST_CHECK enum sg_err plan_end(struct decision *d, const PbCaseRow *c, struct sg_why *why);
/* A placement of the case has begun, or ended on that day: the plan follows; without one, T11 asks
 * for it. */
SG_MUST_CHECK enum sg_err plan_course_begins(struct decision *d, const struct sg_id *case_id,
                                             const PbCaseRow *c, int32_t day, int32_t last_day,
                                             struct sg_why *why);
SG_MUST_CHECK enum sg_err plan_course_ends(struct decision *d, const struct sg_id *case_id,
                                           const PbCaseRow *c, int32_t day, bool completed,
                                           struct sg_why *why);

/* E24: the course goes on, as from that day; it has not been; it has ended on another day, or
 * differently. */
SG_MUST_CHECK enum sg_err plan_course_resumes(struct decision *d, const PbCaseRow *c, int32_t day,
                                              int32_t last_day, struct sg_why *why);
SG_MUST_CHECK enum sg_err plan_course_never_was(struct decision *d, const struct sg_id *case_id,
                                                const PbCaseRow *c, struct sg_why *why);
SG_MUST_CHECK enum sg_err plan_course_ended_otherwise(struct decision *d,
                                                      const struct sg_id *case_id,
                                                      const PbCaseRow *c, int32_t day,
                                                      bool completed, struct sg_why *why);

/* ---- visits (mentoring.c) ---- */

/* Key of a visit: case | day | seq of the E20. */
void visit_key(struct key *out_key, const struct sg_id *case_id, int32_t day, uint64_t seq);
/* May it be recorded of this plan? Refused fields stand under `prefix`. */
SG_MUST_CHECK enum sg_err visit_check(struct decision *d, const PbPlanRow *plan,
                                      const PbMentoringVisitRecorded *e, const char *prefix);
/* The checkpoint that is named, else the nearest that nobody has done, within seven days. */
PbCheckpointRow *visit_meant(const PbPlanRow *plan, const PbMentoringVisitRecorded *e);
/* Contact was made: the checkpoint (NULL: none) is done, and nobody waits for those before it. */
void visit_pass(PbPlanRow *plan, PbCheckpointRow *done, int32_t day, uint64_t seq);
PbVisitRow *visit_row(struct ledger_turn *turn, const PbMentoringVisitRecorded *e,
                      const PbCheckpointRow *checkpoint);

/* What the visits of a case since its last contact say, for its closing; those of an episode before
 * it was opened again do not count. */
struct visits {
    bool contact;         /* there was one */
    int32_t contact_on;   /* the last one */
    bool off_street;      /* that one said: not on the street */
    unsigned missed_days; /* days without contact since */
    int32_t missed_from, missed_to;
};
SG_MUST_CHECK enum sg_err visits_of_case(struct ledger_turn *turn, const struct sg_id *case_id,
                                         const PbCaseRow *c, struct visits *out,
                                         struct sg_why *why);

#endif
