/* cast.h - the persons, slots and things of the acceptance scenarios, and the steps that most
 * scenarios share. */
#ifndef SINERGI_TESTS_KIT_CAST_H
#define SINERGI_TESTS_KIT_CAST_H

#include "kit/people.h"
#include "kit/scene.h"

/* clang-format off */
#define BUDI "full_name:'Budi Santoso' name_quality:FULL alias:Bud sex:MALE birth_date:1995-04-10 birth_quality:EXACT nik:'1471991004950001' nik_status:STATED domicile_region:14.71.08.1009"
#define JOKO "full_name:Joko name_quality:PARTIAL sex:MALE birth_quality:ESTIMATED estimated_age:30 nik_status:NONE"
#define ANDI "full_name:'Andi Pratama' name_quality:FULL sex:MALE birth_date:'1990' birth_quality:PARTIAL nik_status:REFUSED"
#define AMIR "full_name:'Amir Hamzah' name_quality:FULL sex:MALE birth_quality:ESTIMATED estimated_age:38 nik_status:NONE"
#define SITI "full_name:Siti name_quality:PARTIAL sex:FEMALE birth_quality:ESTIMATED estimated_age:35 nik_status:NONE"
#define RIAN "full_name:Rian name_quality:PARTIAL sex:MALE birth_date:2010-09-01 birth_quality:EXACT nik_status:NONE guardian{name:Nurhayati relation:MOTHER}"
/* clang-format on */

/* E08: S1 of disnaker (motorcycle service, men, KTP waivable), with another name and number of
 * seats; S2 of dpppa (embroidery, women, three seats). */
struct world_outcome offer_motor(const char *slot, unsigned seats);
struct world_outcome offer_sulam(const char *slot);
/* E16 of dinsos: KIT-MOTOR-A. */
struct world_outcome register_motor_kit(const char *item);

/* E01 INTAKE of satpolpp to dinsos, found begging in 14.71.08. */
struct world_outcome refer(const char *referral, const char *person);
/* E03 ACCEPTED of dinsos. */
struct world_outcome take_in(const char *referral);
/* E05 of dinsos: PPKS 12, needs FOOD, fit for training; `more` may say other things. */
struct world_outcome assess(const char *assessment, const char *case_name, unsigned band,
                            const char *more);
/* E06 of dinsos: SHARE_WITH_PROVIDER, by the person itself. */
struct world_outcome consent(const char *consent_name, const char *case_name, const char *action);
/* All four: a case IN_SERVICE with consent. Its referral is named "R-" and the name of the case. */
void in_service(const char *case_name, const char *person, unsigned band);

/* E11 of dinsos: "person_accepted:true waitlist_ok:false". */
struct world_outcome ask(const char *case_name, const char *slot, const char *how);
/* The same with the KTP in hand, or waived. */
#define WITH_KTP " documents_held:[KTP]"
#define WITHOUT_KTP " waivers:[KTP]"
/* E12: "CONFIRMED", "DECLINED_BY_PROVIDER reason:AGE declined_by:RECEIVER". */
struct world_outcome decide(enum world_agency who, const char *seat, const char *decision);
/* E13, E15; result with its fields: "COMPLETED attendance_pct:93". */
struct world_outcome start(enum world_agency who, const char *seat, const char *day);
struct world_outcome end(enum world_agency who, const char *seat, const char *day,
                         const char *result);
/* E17 of dinsos; basis LOAN_DURING_TRAINING or GRANT_AFTER_COMPLETION, for a year. */
struct world_outcome issue(const char *item, const char *basis, const char *seat,
                           const char *bast_no, const char *day, const char *until);

#endif
