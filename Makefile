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

PKGS := libzmq libsodium libconfig libprotobuf-c libsystemd jansson libcsv
# Debian 12 ships no pkg-config files for these.
NOPC := lmdb libcsv libcmocka

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
GEN_H   := $(PB_C:.c=.h)

objects = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)))
PROTO_O   := $(call objects,proto/kit/*.c proto/wire/*.c) $(patsubst $(GEN)/%.c,$(B)/gen/%.o,$(GEN_C))
DECIDE_O  := $(call objects,daemon/store/*.c daemon/ledger/*.c daemon/broker/*.c)
SHELL_O   := $(call objects,daemon/net/*.c daemon/sys/*.c) $(B)/daemon/loop.o
LIB_O     := $(call objects,clients/lib/*.c)
CLI_O     := $(call objects,clients/cli/*.c)
TESTKIT_O := $(call objects,tests/kit/*.c)

.PHONY: all help
all: $(B)/sinergid $(B)/sinergi $(B)/libsinergi.a $(B)/libsinergi.so.0
help:
	@sed -n 's/^## //p' Makefile

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
	@touch $@
$(PB_C) $(GEN_H): $(GEN)/.stamp ;

$(GEN)/contract-gen: proto/gen/contract.c $(GEN)/.stamp
	$(Q)$(CC) -std=c11 -O1 -Wall -Wextra -I$(GEN) $< $(GEN)/google/protobuf/descriptor.pb-c.c -lprotobuf-c -o $@
$(GEN)/wire/contract_tables.c: $(GEN)/contract-gen
	$(Q)$(GEN)/contract-gen $(GEN)/contract.pb > $@.tmp && mv $@.tmp $@

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
$(B)/sinergi: $(CLI_O) $(LIB_O) $(PROTO_O)
	$(call link,-pie)
$(B)/libsinergi.a: $(LIB_O) $(PROTO_O)
	$(Q)rm -f $@ && ar rcs $@ $^
$(B)/libsinergi.so.0: $(LIB_O) $(PROTO_O) clients/lib/libsinergi.map
	$(Q)$(CC) $(LDFLAGS_ALL) -shared -Wl,-soname,libsinergi.so.0 \
	    -Wl,--version-script=clients/lib/libsinergi.map $(LIB_O) $(PROTO_O) $(LDLIBS) -o $@

$(B)/tests/unit/%: $(B)/tests/unit/%.o $(TESTKIT_O) $(SHELL_O) $(DECIDE_O) $(LIB_O) $(PROTO_O)
	$(call link,-lcmocka)

-include $(shell test -d $(B) && find $(B) -name '*.d')
