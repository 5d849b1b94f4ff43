# One Makefile for every folder. All that is made goes under $(B), one $(B) per VARIANT; V=1 shows
# the commands. `make help` lists the targets.
.DEFAULT_GOAL := all
VARIANT ?= release
B       := build/$(VARIANT)
GEN     := build/gen
VERSION := 0.1.0
Q       := $(if $(V),,@)

PREFIX     ?= /usr
SYSCONFDIR ?= /etc
UNITDIR    ?= /usr/lib/systemd/system
SYSUSERSDIR ?= /usr/lib/sysusers.d
TMPFILESDIR ?= /usr/lib/tmpfiles.d

# Debian packages: to build, to test, to lint. `make deps` installs what is missing.
DEPS_BUILD := gcc libc6-dev protobuf-compiler libprotobuf-dev protobuf-c-compiler libprotobuf-c-dev \
              libzmq3-dev libsodium-dev liblmdb-dev libconfig-dev libsystemd-dev libjansson-dev libcsv-dev \
              libsqlite3-dev
DEPS_RUN   := jq socat sqlite3 xlsx2csv
DEPS_TEST  := faketime libcmocka-dev clang libclang-rt-14-dev g++ pkg-config python3 python3-zmq python3-protobuf \
              python3-nacl python3-jsonschema python3-openpyxl $(DEPS_RUN)
DEPS_LINT  := clang clang-format clang-tidy mandoc

WARN := -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
        -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wcast-qual -Wcast-align \
        -Wwrite-strings -Wformat=2 -Wvla -Wundef -Wswitch-enum -Wimplicit-fallthrough \
        -Wdouble-promotion $(if $(WERROR),-Werror)
HARDEN := -fstack-protector-strong -fPIC
FORTIFY_release := -D_FORTIFY_SOURCE=2
SAN_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
SAN_tsan := -fsanitize=thread
SAN_fuzz := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
SAN_cover := --coverage
CFLAGS   ?= -O2 -g
CPPFLAGS_ALL = -D_GNU_SOURCE -DSINERGI_VERSION='"$(VERSION)"' -Iproto -Idaemon -Iclients -Itests \
               -isystem $(GEN)
CFLAGS_ALL = $(WARN) $(HARDEN) $(FORTIFY_$(VARIANT)) $(SAN_$(VARIANT)) $(CPPFLAGS_ALL) $(CFLAGS)
LDFLAGS_ALL = $(SAN_$(VARIANT)) -Wl,-z,relro,-z,now $(LDFLAGS)
LDLIBS := -lzmq -lsodium -lconfig -lprotobuf-c -lsystemd -ljansson -lcsv -llmdb

# ---- what there is -----------------------------------------------------------------------------
PROTOS  := $(wildcard proto/sinergi/v1/*.proto)
GOOGLE  := google/protobuf/descriptor google/protobuf/timestamp
PB_C    := $(patsubst proto/%.proto,$(GEN)/%.pb-c.c,$(PROTOS)) $(patsubst %,$(GEN)/%.pb-c.c,$(GOOGLE))
GEN_C   := $(PB_C) $(GEN)/wire/contract_tables.c

objects = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)))
PROTO_O   := $(call objects,proto/kit/*.c proto/wire/*.c) $(patsubst $(GEN)/%.c,$(B)/gen/%.o,$(GEN_C))
DECIDE_O  := $(call objects,daemon/store/*.c daemon/ledger/*.c daemon/report/*.c daemon/broker/*.c)
SHELL_O   := $(call objects,daemon/net/*.c daemon/sys/*.c) $(B)/daemon/loop.o $(B)/daemon/job.o $(B)/daemon/skeleton.o
LIB_O     := $(call objects,clients/lib/*.c)
SHEET_O   := $(call objects,clients/sheet/*.c)
CLI_O     := $(call objects,clients/cli/*.c)
AGENT_O   := $(filter-out $(B)/clients/agent/main.o,$(call objects,clients/agent/*.c))

# Test programs by name; every other source under tests/kit and tests/sim is shared by them.
UNIT     := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/test_*.c))
SCENARIO := $(patsubst %.c,$(B)/%,$(wildcard tests/scenario/sc*.c))
SIM      := $(patsubst %.c,$(B)/%,$(wildcard tests/sim/run_*.c))
E2E      := $(patsubst %.c,$(B)/%,$(wildcard tests/e2e/*.c))
E2E_SH   := $(filter-out tests/e2e/lib.sh,$(wildcard tests/e2e/*.sh))
FUZZ     := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
TESTKIT_O := $(call objects,tests/kit/*.c) \
             $(filter-out $(SIM:=.o),$(call objects,tests/sim/*.c))
ALL_C := $(wildcard proto/kit/*.[ch] proto/wire/*.[ch] proto/gen/*.c daemon/*.[ch] daemon/*/*.[ch] \
           clients/*/*.[ch] tests/*/*.[ch])
EXAMPLES_C := $(wildcard examples/*.c) # as a program outside of this tree sees the library

.PHONY: all help
all: $(B)/sinergid $(B)/sinergi $(B)/sinergi-agent $(B)/libsinergi.a $(B)/libsinergi.so.0
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1 - /p' Makefile

# ---- generated code ----------------------------------------------------------------------------
# protoc-c names everything by the package: Sinergi__V1__Envelope, and an enum value by its enum
# twice. Short names keep the code readable: PbEnvelope, pb_envelope__descriptor, PB_PRIORITY_….
SHORTEN := 's/SINERGI__V1__\(\([A-Z0-9_]*__\)\{0,1\}\)\([A-Z0-9_]*\)__\3_/PB_\1\3_/g; s/SINERGI__V1__/PB_/g; s/Sinergi__V1__/Pb/g; s/sinergi__v1__/pb_/g'

$(GEN)/.stamp: $(PROTOS) Makefile
	@mkdir -p $(GEN)/sinergi/v1 $(GEN)/google/protobuf $(GEN)/wire
	$(Q)protoc-c -I/usr/include --c_out=$(GEN) $(patsubst %,/usr/include/%.proto,$(GOOGLE))
	$(Q)protoc-c -Iproto -I/usr/include --c_out=$(GEN) $(PROTOS)
	$(Q)sed -i $(SHORTEN) $(patsubst proto/%.proto,$(GEN)/%.pb-c.c,$(PROTOS)) \
	        $(patsubst proto/%.proto,$(GEN)/%.pb-c.h,$(PROTOS))
	$(Q)protoc -Iproto -I/usr/include --include_imports --descriptor_set_out=$(GEN)/contract.pb $(PROTOS)
	$(Q)protoc -Iproto -I/usr/include --include_imports --include_source_info --descriptor_set_out=$(GEN)/commented.pb $(PROTOS)
	@touch $@
$(PB_C): $(GEN)/.stamp ;

$(GEN)/contract-gen: proto/gen/contract.c $(GEN)/.stamp
	$(Q)$(CC) -std=c11 -O1 -Wall -Wextra -I$(GEN) $< $(GEN)/google/protobuf/descriptor.pb-c.c -lprotobuf-c -o $@
$(GEN)/wire/contract_tables.c: $(GEN)/contract-gen
	$(Q)$(GEN)/contract-gen $(GEN)/contract.pb > $@.tmp && mv $@.tmp $@

# sinergi-event(5): its tables are made from the contract.
all: $(GEN)/sinergi-event.5
$(GEN)/event-page: proto/gen/event_page.c $(GEN)/.stamp
	$(Q)$(CC) -std=c11 -O1 -Wall -Wextra -I$(GEN) $< $(GEN)/google/protobuf/descriptor.pb-c.c -lprotobuf-c -o $@
$(GEN)/sinergi-event.5: docs/man/sinergi-event.5.in $(GEN)/event-page
	$(Q)$(GEN)/event-page $(GEN)/commented.pb <$< >$@.tmp && mv $@.tmp $@

# Generated code is not ours to warn about.
$(B)/gen/%.o: $(GEN)/%.c $(GEN)/.stamp
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 $(HARDEN) $(SAN_$(VARIANT)) $(CPPFLAGS_ALL) $(CFLAGS) -w -MMD -MP -c $< -o $@
$(B)/%.o: %.c $(GEN)/.stamp Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

# ---- programs ----------------------------------------------------------------------------------
link = $(Q)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) $(filter %.o %.a,$^) $(LDLIBS) $(1) -o $@

$(B)/sinergid: $(B)/daemon/main.o $(SHELL_O) $(DECIDE_O) $(PROTO_O)
	$(call link,-pie)
$(B)/sinergi: $(CLI_O) $(SHEET_O) $(LIB_O) $(PROTO_O)
	$(call link,-pie)
$(B)/sinergi-agent: $(B)/clients/agent/main.o $(AGENT_O) $(SHEET_O) $(LIB_O) $(PROTO_O)
	$(call link,-pie -lsqlite3)
# One object with the functions of sinergi.h global and all others local: no name of ours meets a
# name of the program that links it.
$(B)/libsinergi.o: $(LIB_O) $(PROTO_O)
	$(Q)$(CC) -r -nostdlib -o $@.all $^
	$(Q)objcopy --wildcard --keep-global-symbol='sinergi_*' $@.all $@ && rm $@.all
$(B)/libsinergi.a: $(B)/libsinergi.o
	$(Q)rm -f $@ && ar rcs $@ $^
$(B)/libsinergi.so.0: $(LIB_O) $(PROTO_O) clients/lib/libsinergi.map
	$(Q)$(CC) $(LDFLAGS_ALL) -shared -Wl,-soname,libsinergi.so.0 -Wl,-z,defs -Wl,--no-undefined-version \
	    -Wl,--version-script=clients/lib/libsinergi.map $(LIB_O) $(PROTO_O) $(filter-out -lsystemd,$(LDLIBS)) -o $@

# make MUTANT=n $(B)/mutantN/run_ledger_history: the ledger histories over a ledger with one deliberate error
# (daemon/ledger/mutant.h). Only the source that holds it is compiled again.
# 31 (D3 again after DIFFERENT) is for tests/unit/test_suspicion: no score grows in the histories.
MUTANTS := $(filter-out 31,$(sort $(shell sed -n 's/.*[^_]MUTATED.\([0-9][0-9]*\),.*/\1/p' daemon/ledger/*.c)))

TEST_O := $(TESTKIT_O) $(SHELL_O) $(DECIDE_O) $(AGENT_O) $(SHEET_O) $(LIB_O) $(PROTO_O)
$(UNIT) $(SCENARIO) $(SIM) $(E2E) $(B)/tests/fuzz/seed: $(B)/%: $(B)/%.o $(TEST_O)
	$(call link,-rdynamic -lsqlite3 -lcmocka)
$(B)/bench: $(call objects,tests/bench/*.c) $(TEST_O)
	$(call link,-lsqlite3)

ifdef MUTANT
MUTATED_C := $(shell grep -l '[^_]MUTATED.$(MUTANT),' daemon/ledger/*.c)
MUTATED_O := $(patsubst %.c,$(B)/mutant$(MUTANT)/%.o,$(MUTATED_C))
$(MUTATED_O): $(B)/mutant$(MUTANT)/%.o: %.c daemon/ledger/mutant.h $(GEN)/.stamp
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) -DSINERGI_MUTANT=$(MUTANT) -c $< -o $@
$(B)/mutant$(MUTANT)/run_ledger_history: $(B)/tests/sim/run_ledger_history.o $(MUTATED_O) \
        $(filter-out $(MUTATED_C:%.c=$(B)/%.o),$(TEST_O))
	$(call link,-rdynamic -lsqlite3 -lcmocka)
endif

# ---- what is asked for -------------------------------------------------------------------------
.PHONY: deps deps-lint run serve test test-long built-test mutants check lint format fuzz bench cover \
        check-asan check-valgrind install clean
deps: ## install the missing Debian packages
	@sh tests/deps.sh $(DEPS_BUILD) $(DEPS_TEST)
deps-lint:
	@sh tests/deps.sh $(DEPS_BUILD) $(DEPS_TEST) $(DEPS_LINT)

run: ## four agencies coordinate through a real daemon on sample data, then everything is compared
	@sh tests/deps.sh $(DEPS_BUILD) $(DEPS_RUN)
	@$(MAKE) --no-print-directory -j2 all
	@tests/city/run.sh $(B)
serve: ## the same configuration with the daemon in the foreground
	@sh tests/deps.sh $(DEPS_BUILD) $(DEPS_RUN)
	@$(MAKE) --no-print-directory -j2 all
	@tests/city/run.sh $(B) serve

test: deps ## unit, scenario, simulation (short), end to end, fuzz (seconds), sanitizers
	@$(MAKE) --no-print-directory -j2 built-test SIZE=short
test-long: deps ## the same with large counts
	@$(MAKE) --no-print-directory -j2 built-test SIZE=long

HISTORY_STEPS_short := 20000
HISTORY_STEPS_long  := 1000000
ROWS_short          := 2000 10000
ROWS_long           := 2000 100000
LEDGER_STEPS_short  := 60000
LEDGER_STEPS_long   := 1000000
CRASH_ROUNDS_short  := 10
CRASH_ROUNDS_long   := 500
FUZZ_SECONDS_short  := 4
FUZZ_SECONDS_long   := 600
ASAN := build/asan
ASAN_TESTS := $(patsubst $(B)/%,$(ASAN)/%,$(UNIT) $(SCENARIO))

built-test: all $(UNIT) $(SCENARIO) $(SIM) $(E2E)
	@$(MAKE) --no-print-directory VARIANT=asan B=$(ASAN) $(ASAN_TESTS) $(ASAN)/tests/sim/run_history
	@$(MAKE) --no-print-directory CC=clang VARIANT=fuzz B=build/fuzz build/fuzz/objects.a
	@$(MAKE) --no-print-directory $(patsubst %,build/fuzz/fuzz_%,$(FUZZ))
	@SINERGID=$(B)/sinergid SINERGI=$(B)/sinergi tests/run.sh $(UNIT) $(SCENARIO) \
	    $(patsubst %,"%",$(ASAN_TESTS)) \
	    "$(B)/tests/sim/run_history --seed 1 --steps $(HISTORY_STEPS_$(SIZE))" \
	    "$(B)/tests/sim/run_ledger_history --seed 8 --steps $(LEDGER_STEPS_$(SIZE))" \
	    "$(B)/tests/sim/run_rows $(ROWS_$(SIZE))" \
	    "tests/sim/mutants.sh $(B) $(MUTANTS)" \
	    "$(ASAN)/tests/sim/run_history --seed 2 --steps 2000" \
	    "$(B)/tests/e2e/crash --rounds $(CRASH_ROUNDS_$(SIZE))" \
	    $(filter-out $(B)/tests/e2e/crash,$(E2E)) $(E2E_SH) \
	    $(foreach t,$(FUZZ),"tests/fuzz/run.sh $(t) $(FUZZ_SECONDS_$(SIZE))")

mutants: deps ## the random histories must find every deliberate error of the ledger
	@$(MAKE) --no-print-directory -j2 $(B)/tests/sim/run_ledger_history
	@tests/sim/mutants.sh $(B) $(MUTANTS)

check: test lint ## test and lint
check-asan: deps ## unit tests and scenarios with address and undefined-behaviour checks
	@$(MAKE) --no-print-directory -j2 VARIANT=asan B=$(ASAN) $(ASAN_TESTS)
	@tests/run.sh $(ASAN_TESTS)
check-valgrind: deps ## unit tests under valgrind
	@sh tests/deps.sh valgrind
	@$(MAKE) --no-print-directory -j2 $(UNIT)
	@tests/run.sh $(patsubst %,"valgrind -q --error-exitcode=9 %",$(UNIT))

build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(GEN)/.stamp
	@$(MAKE) --no-print-directory CC=clang VARIANT=fuzz B=build/fuzz build/fuzz/objects.a
	$(Q)clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $(CPPFLAGS_ALL) \
	    $< build/fuzz/objects.a $(LDLIBS) -o $@
build/fuzz/objects.a: $(PROTO_O) $(SHEET_O) $(LIB_O) $(call objects,daemon/sys/*.c)
	$(Q)rm -f $@.$$$$ && ar rcs $@.$$$$ $^ && mv $@.$$$$ $@
fuzz: deps ## make fuzz T=event TIME=60
	@$(MAKE) --no-print-directory build/fuzz/fuzz_$(T)
	@tests/fuzz/run.sh $(T) $(or $(TIME),60)

bench: deps ## figures of the hot path beside the floor of the same disk; writes build/bench.json
	@$(MAKE) --no-print-directory -j2 all $(B)/bench
	@SINERGID=$(B)/sinergid $(B)/bench $(BENCH)

cover: deps ## line coverage of the unit tests and scenarios
	@$(MAKE) --no-print-directory -j2 VARIANT=cover B=build/cover CFLAGS='-O0 -g' \
	    $(patsubst $(B)/%,build/cover/%,$(UNIT) $(SCENARIO))
	@tests/run.sh $(patsubst $(B)/%,build/cover/%,$(UNIT) $(SCENARIO)) >/dev/null; \
	    find build/cover/proto build/cover/daemon build/cover/clients -name '*.gcda' | \
	    xargs gcov -n 2>/dev/null | awk '/^File .(proto|daemon|clients)/ {f=$$2} /^Lines/ && f {print $$2, f; f=""}' | sort -t: -k2 -n

lint: deps-lint ## layers, sizes, phrases, format, man pages, static analysis, both compilers
	@awk -f tests/lint/layers.awk $(ALL_C)
	@tests/lint/tidy.sh $(ALL_C) $(EXAMPLES_C)
	@awk -f tests/lint/phrases.awk proto/wire/phrases.c $(filter-out proto/wire/phrases.c,$(wildcard \
	    proto/wire/*.c daemon/ledger/*.c daemon/broker/*.c clients/lib/*.c))
	@clang-format --dry-run -Werror $(ALL_C) $(EXAMPLES_C)
	@$(MAKE) --no-print-directory $(GEN)/sinergi-event.5
	@mandoc -T lint -W warning $(wildcard docs/man/*.[1358]) $(GEN)/sinergi-event.5
	@$(MAKE) --no-print-directory -j2 WERROR=1 CC=clang B=build/clang all
	@tests/lint/analyze.sh 2 "$(filter-out -DSINERGI_VERSION%,$(CPPFLAGS_ALL))" $(filter %.c,$(filter-out tests/% proto/gen/%,$(ALL_C)))
	@echo "lint: clean"
format: ## put every source into the house format
	@clang-format -i $(ALL_C) $(EXAMPLES_C)

install: all ## into $(DESTDIR)$(PREFIX)
	@tests/install.sh "$(B)" "$(DESTDIR)" "$(PREFIX)" "$(SYSCONFDIR)" "$(UNITDIR)" "$(SYSUSERSDIR)" "$(TMPFILESDIR)" "$(VERSION)"

clean: ## remove all that was made
	rm -rf build

-include $(shell test -d $(B) && find $(B) -name '*.d')
