# contained: build, install, test. `make help` lists the targets; V=1 shows the commands.
# Packagers: PREFIX, SYSCONFDIR, LIBEXECDIR, PAMDIR, MANDIR, DESTDIR and the usual compiler variables.

PREFIX ?= /usr
SYSCONFDIR ?= /etc
LIBEXECDIR ?= $(PREFIX)/libexec/contained
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DOCDIR ?= $(PREFIX)/share/doc/contained
# libpam looks for modules in one directory, whatever our PREFIX is: where its own pam_unix.so lies.
PAMDIR ?= $(patsubst %/pam_unix.so,%,$(firstword $(wildcard $(addsuffix /security/pam_unix.so,\
	/usr/lib64 /usr/lib/$(MULTIARCH) /usr/lib /lib64 /lib/$(MULTIARCH) /lib))))
MULTIARCH = $(shell $(CC) -print-multiarch 2>/dev/null)

CPPFLAGS ?= -D_FORTIFY_SOURCE=2
CFLAGS ?= -O2 -g -fstack-protector-strong
LDFLAGS ?= -Wl,-z,relro,-z,now
# contained-init has no libc and lives as long as a session: its flags are about size
INIT_CFLAGS ?= -Os -g
INSTALL ?= install
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 20

B ?= build
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	$(if $(WERROR),-Werror)
dialect := -std=gnu17 -D_GNU_SOURCE -iquote . -iquote engine -I$(B) $(warnings)
VERSION := 0.1
# systemd's manager is asked by a program of its own; where libsystemd is not there to build it, limits are directories
SYSTEMD ?= $(shell pkg-config --exists libsystemd 2>/dev/null && echo yes)
# so is the wtmpdb of a host that has one in the place of wtmp
WTMPDB ?= $(shell pkg-config --exists libwtmpdb 2>/dev/null && echo yes)
paths := -DCONTAINED_SYSTEMD=$(if $(SYSTEMD),true,false) -DCONTAINED_VERSION='"$(VERSION)"' -DCONTAINED_CONF='"$(SYSCONFDIR)/contained/contained.conf"' \
	-DCONTAINED_LIBEXEC='"$(LIBEXECDIR)"'
compile = $(CC) $(dialect) $(paths) -fPIC -fvisibility=hidden -ffunction-sections \
	$(CPPFLAGS) $(CFLAGS) -MMD -MP
link = $(CC) $(CFLAGS) $(LDFLAGS) -Wl,--gc-sections -Wl,--as-needed
init_compile = $(CC) $(dialect) $(INIT_CFLAGS) -ffreestanding -fno-pie -fno-stack-protector \
	-fno-asynchronous-unwind-tables -ffunction-sections -fcf-protection=none -MMD -MP
init_link = $(CC) $(INIT_CFLAGS) -static -nostdlib -Wl,--build-id=none \
	-Wl,-z,noseparate-code -Wl,-z,norelro -Wl,-z,noexecstack -Wl,--gc-sections

# --- what is built from what ------------------------------------------------------------------
init_src := $(wildcard engine/init_*.c)
generate_src := engine/syscalls_generate.c engine/syscalls_rules.c
engine_src := $(filter-out $(init_src) engine/syscalls_generate.c $(wildcard engine/*_main.c),\
	$(wildcard engine/*.c))
module_src := $(wildcard pam_module/*.c)
door_src := $(wildcard shell/contained-shell.c shell/door_*.c)
shell_src := $(filter-out $(door_src),$(wildcard shell/*.c))
unit_src := $(wildcard tests/unit/test_*.c)
golden_src := $(wildcard tests/golden/test_*.c)
root_src := $(wildcard tests/ns/test_*.c tests/pam/*.c)
fuzz_src := $(wildcard tests/fuzz/fuzz_*.c)
examples := $(wildcard conf/examples/*.conf)

object = $(patsubst %.c,$(B)/%.o,$(1))
program = $(patsubst %.c,$(B)/%,$(1))

helpers := contained-init contained-subject $(if $(SYSTEMD),contained-scope) $(if $(WTMPDB),contained-record)
products := $(addprefix $(B)/,pam_contained.so $(helpers) contained contained-shell contained.conf contained.conf.5)
check_programs := $(call program,$(unit_src) $(golden_src))
test_programs := $(check_programs) $(call program,$(root_src))

engine_libs := -liniparser -lcap
pam_libs := -lpam

.PHONY: all help deps deb private install uninstall check try test check-vm bench fuzz sanitize analyze clean
.SECONDARY:
.DELETE_ON_ERROR:

all: $(products)

help:
	@printf '%s\n' \
	  'make            build module, commands, init, sample configuration and man page' \
	  'make deps       install what building and testing need (root; apt)' \
	  'make try        one ssh login into a container on this machine, then nothing is left (root)' \
	  'make install    DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) PAMDIR=$(PAMDIR)' \
	  'make uninstall  takes the same files away; your configuration stays' \
	  'make deb        Debian packages, in build/deb' \
	  'make check      unit, golden and static tests (no root)' \
	  'make test       all tests (root): adds namespaces, PAM and a real sshd on loopback' \
	  'make check-vm   the packages in booted Debian 12 and 13, and without systemd (root; some twenty minutes)' \
	  'make bench      speed against a floor program of our own (root)' \
	  'make fuzz       each fuzzer for FUZZ_SECONDS=$(FUZZ_SECONDS) (clang)' \
	  'make sanitize   unit tests with address and undefined-behaviour sanitizers' \
	  'make analyze    cppcheck and clang-tidy' \
	  'make clean      removes build/'

# A changed flag or path rebuilds what it went into.
$(B)/flags: force
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(compile) $(init_compile) $(link))' | cmp -s - $@ || \
	  echo '$(subst ','\'',$(compile) $(init_compile) $(link))' >$@
.PHONY: force
force:

$(B)/engine/init_%.o: engine/init_%.c $(B)/flags
	$(call say,CC,$< (no libc))
	@mkdir -p $(@D)
	$(Q)$(init_compile) -c -o $@ $<

$(B)/%.o: %.c $(B)/flags
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(compile) -c -o $@ $<

# libseccomp compiles the rules once, here, so that no login needs it.
$(B)/syscalls_generate: $(call object,$(generate_src))
	$(call say,LINK,$@)
	$(Q)$(link) -o $@ $^ -lseccomp

$(B)/syscalls_filters.inc: $(B)/syscalls_generate
	$(call say,GEN,$@)
	$(Q)$< >$@

$(B)/engine/syscalls.o: $(B)/syscalls_filters.inc

$(B)/libengine.a: $(call object,$(engine_src))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/contained-init: $(call object,$(init_src))
	$(call say,LINK,$@)
	$(Q)$(init_link) -o $@ $^

$(B)/contained-subject: $(B)/engine/subject_main.o $(B)/libengine.a
	$(call say,LINK,$@)
	$(Q)$(link) -pie -o $@ $^ $(engine_libs)

$(B)/contained-scope: $(B)/engine/cgroup_scope_main.o $(B)/libengine.a
	$(call say,LINK,$@)
	$(Q)$(link) -pie -o $@ $^ -lsystemd

$(B)/contained-record: $(B)/engine/record_main.o $(B)/libengine.a
	$(call say,LINK,$@)
	$(Q)$(link) -pie -o $@ $^ -lwtmpdb

$(B)/pam_contained.so: $(call object,$(module_src)) $(B)/libengine.a pam_module/pam_contained.map
	$(call say,LINK,$@)
	$(Q)$(link) -shared -Wl,-z,defs -Wl,-z,now -Wl,-z,relro -Wl,--exclude-libs,ALL \
	  -Wl,--version-script=pam_module/pam_contained.map -o $@ \
	  $(filter %.o %.a,$^) $(pam_libs) $(engine_libs)

$(B)/contained: $(call object,$(shell_src)) $(B)/libengine.a
	$(call say,LINK,$@)
	$(Q)$(link) -pie -o $@ $^ $(engine_libs)

# Static: whatever the user's environment says, no code of the user's is loaded into it.
$(B)/contained-shell: $(call object,$(door_src) shell/waiter.c) $(B)/libengine.a
	$(call say,LINK,$@)
	$(Q)$(link) -static-pie -o $@ $^ $(engine_libs)

$(B)/emit: $(B)/conf/emit.o $(B)/libengine.a
	$(call say,LINK,$@)
	$(Q)$(link) -pie -o $@ $^ $(engine_libs)

$(B)/contained.conf: $(B)/emit
	$(call say,GEN,$@)
	$(Q)$< sample >$@

$(B)/contained.conf.5: $(B)/emit
	$(call say,GEN,$@)
	$(Q)$< man >$@

# --- installation -----------------------------------------------------------------------------
# The sample goes in as the configuration only where there is none: it is the administrator's file.
install: all
	@test -n '$(PAMDIR)' || { echo 'no directory of PAM modules found: give PAMDIR=' >&2; exit 1; }
	$(call say,INSTALL,$(DESTDIR)$(PAMDIR)/pam_contained.so)
	$(Q)$(INSTALL) -D -m 0644 $(B)/pam_contained.so $(DESTDIR)$(PAMDIR)/pam_contained.so
	$(Q)$(INSTALL) -d $(DESTDIR)$(LIBEXECDIR)
	$(Q)$(INSTALL) -m 0755 $(addprefix $(B)/,$(helpers)) $(DESTDIR)$(LIBEXECDIR)
	$(Q)$(INSTALL) -D -m 0755 $(B)/contained $(DESTDIR)$(BINDIR)/contained
	$(Q)$(INSTALL) -D -m 0755 $(B)/contained-shell $(DESTDIR)$(BINDIR)/contained-shell
	$(Q)$(INSTALL) -D -m 0644 $(B)/contained.conf $(DESTDIR)$(DOCDIR)/contained.conf
	$(Q)$(INSTALL) -d $(DESTDIR)$(DOCDIR)/examples
	$(Q)$(INSTALL) -m 0644 $(examples) $(DESTDIR)$(DOCDIR)/examples
	$(Q)test -e $(DESTDIR)$(SYSCONFDIR)/contained/contained.conf || \
	  $(INSTALL) -D -m 0644 $(B)/contained.conf $(DESTDIR)$(SYSCONFDIR)/contained/contained.conf
	$(Q)$(INSTALL) -D -m 0644 $(B)/contained.conf.5 $(DESTDIR)$(MANDIR)/man5/contained.conf.5
	$(Q)$(INSTALL) -D -m 0644 pam_module/pam_contained.8 $(DESTDIR)$(MANDIR)/man8/pam_contained.8
	$(Q)$(INSTALL) -D -m 0644 shell/contained.8 $(DESTDIR)$(MANDIR)/man8/contained.8
	$(Q)$(INSTALL) -D -m 0644 shell/contained-shell.1 $(DESTDIR)$(MANDIR)/man1/contained-shell.1

# A configuration that differs from the sample was edited, and stays.
uninstall:
	$(call say,REMOVE,$(DESTDIR)$(PAMDIR)/pam_contained.so)
	$(Q)! cmp -s $(DESTDIR)$(DOCDIR)/contained.conf $(DESTDIR)$(SYSCONFDIR)/contained/contained.conf || \
	  rm -f $(DESTDIR)$(SYSCONFDIR)/contained/contained.conf
	$(Q)rm -f $(DESTDIR)$(PAMDIR)/pam_contained.so $(DESTDIR)$(BINDIR)/contained $(DESTDIR)$(BINDIR)/contained-shell \
	  $(addprefix $(DESTDIR)$(LIBEXECDIR)/,contained-init contained-subject contained-scope contained-record) \
	  $(DESTDIR)$(DOCDIR)/contained.conf $(patsubst conf/%,$(DESTDIR)$(DOCDIR)/%,$(examples)) \
	  $(DESTDIR)$(MANDIR)/man5/contained.conf.5 $(DESTDIR)$(MANDIR)/man1/contained-shell.1 \
	  $(DESTDIR)$(MANDIR)/man8/pam_contained.8 $(DESTDIR)$(MANDIR)/man8/contained.8
	$(Q)rmdir $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DOCDIR)/examples $(DESTDIR)$(DOCDIR) $(DESTDIR)$(SYSCONFDIR)/contained \
	  2>/dev/null || :

# Packagers elsewhere: packaging/debian is what lies in debian/ while they are built.
deb:
	$(Q)bash packaging/deb.sh build/deb

deps:
	$(Q)bash tests/deps.sh test

# --- tests ------------------------------------------------------------------------------------
# Tests over PAM run a build of their own, whose paths lie in a directory that exists only meanwhile.
PRIVATE ?= /var/lib/contained-test
private:
	$(Q)$(MAKE) --no-print-directory privately B=build/private PREFIX=$(PRIVATE) \
	  LIBEXECDIR=$(PRIVATE)/libexec SYSCONFDIR=$(PRIVATE)/etc
.PHONY: privately
privately: all $(B)/probe

$(B)/probe: tests/probe/probe.c $(wildcard tests/probe/*.h) $(B)/flags
	$(call say,CC,$@)
	$(Q)$(CC) $(dialect) -O2 -g -static -o $@ $<

$(B)/tests/%: $(B)/tests/%.o $(B)/libengine.a
	$(call say,LINK,$@)
	$(Q)$(link) -pie -o $@ $^ -lcmocka $(engine_libs) $(test_libs)
$(call program,$(wildcard tests/pam/*.c)): test_libs := -lpam

check: all $(check_programs)
	$(Q)B=$(B) bash tests/lib/run.sh check

# what is missing is installed first: a second make, because the first has read its list of files by then
test: deps
	$(Q)$(MAKE) --no-print-directory tests
.PHONY: tests
tests: all private $(test_programs)
	$(Q)B=$(B) bash tests/lib/run.sh test

# boots machines under emulation, whose disks are made once, and installs the packages in them; VMS=tiny: that one
check-vm:
	$(Q)bash tests/deps.sh vm
	$(Q)B=$(B) bash tests/lib/run.sh vm $(VMS)

try:
	$(Q)bash tests/try.sh

bench: private
	$(Q)B=$(B) PRIVATE=$(PRIVATE) bash tests/bench/run.sh

$(B)/tests/fuzz/%: tests/fuzz/%.c $(engine_src) $(B)/syscalls_filters.inc
	$(call say,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(dialect) $(paths) -O1 -g -fsanitize=fuzzer,address,undefined \
	  -fno-sanitize-recover=undefined -o $@ $< $(engine_src) $(engine_libs)

fuzz: $(call program,$(fuzz_src))
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) bash tests/lib/fuzz.sh $^

sanitize:
	$(Q)$(MAKE) --no-print-directory sanitized B=build/sanitize CPPFLAGS= \
	  CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover'
.PHONY: sanitized
sanitized: $(check_programs)
	$(Q)B=$(B) bash tests/lib/run.sh programs

# cppcheck 2.10 does not know the cleanup attribute of own.h (memleak), compound literals as arguments that are
# copied (dangling…), nor what a system call by inline assembly writes (uninitvar in contained-init).
analyze: $(B)/syscalls_filters.inc
	$(Q)cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 \
	  --suppress=missingIncludeSystem --suppress=syntaxError --suppress=memleak \
	  --suppress=memleakOnRealloc --suppress=danglingTempReference --suppress=danglingTemporaryLifetime \
	  --suppress=ctuuninitvar:engine/init_*.c --suppress=uninitvar:engine/init_*.c \
	  --suppress=va_end_missing:engine/syscalls_generate.c \
	  -D_GNU_SOURCE -D__x86_64__ -iquote . -iquote engine -I$(B) engine pam_module shell conf
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $(engine_src) $(module_src) $(shell_src) \
	  -- $(dialect) $(paths) 2>&1 | { ! grep -E 'warning:|error:'; }

clean:
	$(Q)rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
