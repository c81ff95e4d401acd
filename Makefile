# SPDX-License-Identifier: GPL-2.0
#
# nacre: `make help` says what there is.

MAKEFLAGS += --no-print-directory
SHELL := /bin/sh

top := $(CURDIR)
NAME ?= nacre
PREFIX ?= /usr/local

# The newest kernel whose headers are installed, unless told otherwise.
newest = $(lastword $(shell ls -d /lib/modules/*/build/Makefile 2>/dev/null | \
	   sort -V))
KDIR ?= $(patsubst %/Makefile,%,$(newest))

# As uname -r says it: kernel.release differs on Debian's 6.1.
utsrelease = $(KDIR)/include/generated/utsrelease.h
release = $(or $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
	  $(utsrelease) 2>/dev/null),\
	  $(error no kernel headers at KDIR='$(KDIR)'))
out = $(top)/build/$(release)
# A build of another name or with other flags has objects of its own.
farm = $(out)/src$(if $(filter-out nacre,$(NAME)),-$(NAME))$(variant:%=-%)
kbuild = $(MAKE) -C $(KDIR) M=$(farm) NAME=$(NAME)

.PHONY: all
all: module

# flock: two builds for one kernel take turns, two kernels do not meet.
.PHONY: module
module:
	@mkdir -p $(out)
	+@flock $(out)/.lock $(MAKE) locked-module KDIR=$(KDIR) NAME=$(NAME)

.PHONY: locked-module
locked-module:
	@scripts/farm.sh $(top) $(farm)
	@mkdir -p $(farm)/generated
	@module/compat/probe.sh $(KDIR) $(farm)/generated/nacre-config.h $(NAME)
	+@$(kbuild) modules
ifndef variant
	@cmp -s $(farm)/$(NAME).ko $(out)/$(NAME).ko || \
		cp $(farm)/$(NAME).ko $(out)/$(NAME).ko
	@echo "  READY   $(out:$(top)/%=%)/$(NAME).ko"
endif

# The sources have to suit every kernel that has its headers here.
lint_kdirs = $(patsubst %/Makefile,%,$(wildcard /lib/modules/*/build/Makefile))

.PHONY: lint
lint:
	@scripts/kernel-source.sh
	+@scripts/lint.sh $(lint_kdirs)

# The library, and the virtual machine monitor that is made with it.
.PHONY: pearl
pearl:
	+@$(MAKE) -C userspace O=$(top)/build/userspace
	@echo "  READY   build/userspace/pearl"

# The tests that need no machine of their own.
.PHONY: unit
unit:
	@scripts/kernel-source.sh
	@scripts/unit.sh

# What an exit and an interrupt cost; writes Documentation/exit-cost.{tsv,svg} and
# irq-cost.{tsv,svg}, and for another MACHINE exit-cost-MACHINE.* and
# irq-cost-MACHINE.*, with the instructions that Bochs counts.
MACHINE ?= svm
bench_name = Documentation/$(1)-cost$(if $(filter-out svm,$(MACHINE)),-$(MACHINE))
bench_files = --tsv $(bench_name).tsv --svg $(bench_name).svg \
	$(if $(filter-out svm,$(MACHINE)),--counts $(bench_name)-counts.tsv)

.PHONY: bench
bench:
	@scripts/kernel-source.sh
	+@$(MAKE) -C selftests O=$(top)/build/selftests
	@selftests/bench/exit_cost.sh --machine $(MACHINE) $(call bench_files,exit)
	@selftests/bench/irq_cost.sh --machine $(MACHINE) $(call bench_files,irq)

# ONLY="STEP..." makes a part; scripts/check.sh slow --list tells the steps.
.PHONY: check
check:
	@scripts/check.sh quick $(ONLY)

.PHONY: check-slow
check-slow:
	@scripts/check.sh slow $(ONLY)

# The logs in build/check become selftests/verdicts.tsv.
.PHONY: verdicts
verdicts:
	@scripts/verdicts.sh --renew

.PHONY: install
install: module pearl
	$(kbuild) CONFIG_MODULE_SIG_ALL= DEPMOD=true modules_install
	depmod $(if $(INSTALL_MOD_PATH),-b $(INSTALL_MOD_PATH)) $(release)
	install -D -m 644 userspace/udev/60-nacre.rules \
		$(DESTDIR)$(PREFIX)/lib/udev/rules.d/60-nacre.rules
	+@$(MAKE) -C userspace O=$(top)/build/userspace PREFIX=$(PREFIX) \
		DESTDIR=$(DESTDIR) install

# The first thing to see: Debian's kernel inside nacre, in a machine of the lab.
.PHONY: run
run:
	@scripts/run.sh

.PHONY: clean
clean:
	rm -rf build

.PHONY: help
help:
	@echo 'make                the module, for the newest installed headers'
	@echo 'make KDIR=DIR       the module, for the kernel headers in DIR'
	@echo 'make pearl          the virtual machine monitor and its library'
	@echo 'make run            a Debian kernel inside nacre, in an emulated machine'
	@echo 'make install        the module, the udev rule, pearl and libnacre'
	@echo 'make check          build and test everything, from a fresh machine on'
	@echo 'make check-slow     the same, on more machines and a debug kernel'
	@echo '                    ONLY="STEP...": these steps of it; check.sh --list'
	@echo 'make verdicts       what these runs came to, into selftests/verdicts.tsv'
	@echo 'make unit           the tests that need no machine of their own'
	@echo 'make bench          what exits and interrupts cost, beside in-tree; MACHINE=vmx'
	@echo 'make lint           checkpatch, sparse, W=1, objtool, shellcheck, sizes'
	@echo 'make clean          remove build/'
	@echo
	@echo 'NAME=kvm builds kvm.ko, for kernels that keep exports for it'
