/* SPDX-License-Identifier: GPL-2.0 */
/* make.c: one function for each shape of argument. */
#ifndef ABI_DIFF_MAKE_H
#define ABI_DIFF_MAKE_H

struct seq;
struct call;
struct rng;

void make_none(struct seq *s, struct call *c);
void make_small(struct seq *s, struct call *c);
void make_out(struct seq *s, struct call *c);
void make_words(struct seq *s, struct call *c);
void make_extension(struct seq *s, struct call *c);
void make_vcpu_id(struct seq *s, struct call *c);
void make_list(struct seq *s, struct call *c);
void make_cpuid_out(struct seq *s, struct call *c);
void make_dirty_log(struct seq *s, struct call *c);
void make_clear_dirty(struct seq *s, struct call *c);
void make_region(struct seq *s, struct call *c);
void make_region2(struct seq *s, struct call *c);
void make_gpa(struct seq *s, struct call *c);
void make_gpa_at(struct seq *s, struct call *c);
void make_prefault(struct seq *s, struct call *c);
void make_irq_level(struct seq *s, struct call *c);
void make_irqchip(struct seq *s, struct call *c);
void make_irqchip_out(struct seq *s, struct call *c);
void make_routing(struct seq *s, struct call *c);
void make_irqfd(struct seq *s, struct call *c);
void make_ioeventfd(struct seq *s, struct call *c);
void make_zone(struct seq *s, struct call *c);
void make_msi(struct seq *s, struct call *c);
void make_pit_config(struct seq *s, struct call *c);
void make_pit(struct seq *s, struct call *c);
void make_clock(struct seq *s, struct call *c);
void make_khz(struct seq *s, struct call *c);
void make_enable_cap(struct seq *s, struct call *c);
void make_msr_filter(struct seq *s, struct call *c);
void make_pmu_filter(struct seq *s, struct call *c);
void make_device(struct seq *s, struct call *c);
void make_attr(struct seq *s, struct call *c);
void make_run(struct seq *s, struct call *c);
void make_set_regs(struct seq *s, struct call *c);
void make_set_sregs(struct seq *s, struct call *c);
void make_set_sregs2(struct seq *s, struct call *c);
void make_translate(struct seq *s, struct call *c);
void make_interrupt(struct seq *s, struct call *c);
void make_msrs(struct seq *s, struct call *c);
void make_set_cpuid(struct seq *s, struct call *c);
void make_set_cpuid2(struct seq *s, struct call *c);
void make_sigmask(struct seq *s, struct call *c);
void make_set_fpu(struct seq *s, struct call *c);
void make_set_lapic(struct seq *s, struct call *c);
void make_tpr(struct seq *s, struct call *c);
void make_mp_state(struct seq *s, struct call *c);
void make_guest_debug(struct seq *s, struct call *c);
void make_mcg_cap(struct seq *s, struct call *c);
void make_mce(struct seq *s, struct call *c);
void make_events(struct seq *s, struct call *c);
void make_debugregs(struct seq *s, struct call *c);
void make_set_xsave(struct seq *s, struct call *c);
void make_set_xcrs(struct seq *s, struct call *c);
void make_nested(struct seq *s, struct call *c);

uint32_t pick_msr(struct rng *r);
/* Inputs that would make a run endless or a result depend on time. */
void call_sanitise(unsigned long cmd, uint8_t *buf, size_t len);

#endif
