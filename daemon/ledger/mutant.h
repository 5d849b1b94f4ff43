/* mutant.h - deliberate errors, one a build, to see that the random histories find them.
 *
 * MUTATED(n, right, wrong) is `right`, and nothing is left of it, unless the ledger is built with
 * -DSINERGI_MUTANT=n. `make mutants` builds each one and wants it found: tests/sim/mutants.sh.
 * Every number stands in one file. From 16 on they are errors that a history has found once.
 */
#ifndef SINERGI_LEDGER_MUTANT_H
#define SINERGI_LEDGER_MUTANT_H

#ifndef SINERGI_MUTANT
#define SINERGI_MUTANT 0
#endif

#define MUTATED(n, right, wrong) ((n) == SINERGI_MUTANT ? (wrong) : (right))

#endif
