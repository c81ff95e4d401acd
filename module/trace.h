/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: events/nacre/ in tracefs. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM nacre

#if !defined(NACRE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define NACRE_TRACE_H

#include <linux/tracepoint.h>

#include "arch/x86/regs.h"

/* On the way into the guest. */
TRACE_EVENT(nacre_entry,
	TP_PROTO(struct nacre_vcpu *vcpu),
	TP_ARGS(vcpu),

	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(unsigned long, rip)
	),

	TP_fast_assign(
		__entry->vcpu_id = vcpu->id;
		__entry->rip = nacre_rip(vcpu);
	),

	TP_printk("vcpu %u rip 0x%lx", __entry->vcpu_id, __entry->rip)
);

/* Out of it: the processor's own number for the reason, and its account. */
TRACE_EVENT(nacre_exit,
	TP_PROTO(struct nacre_vcpu *vcpu),
	TP_ARGS(vcpu),

	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(unsigned int, exit_reason)
		__field(unsigned long, rip)
		__field(u64, info1)
		__field(u64, info2)
	),

	TP_fast_assign(
		__entry->vcpu_id = vcpu->id;
		__entry->exit_reason = vcpu->arch.exit.code;
		__entry->rip = nacre_rip(vcpu);
		__entry->info1 = nacre_exit_of(vcpu)->info[0];
		__entry->info2 = nacre_exit_of(vcpu)->info[1];
	),

	TP_printk("vcpu %u reason 0x%x rip 0x%lx info1 0x%llx info2 0x%llx",
		  __entry->vcpu_id, __entry->exit_reason, __entry->rip,
		  __entry->info1, __entry->info2)
);

/* NACRE_RUN returns: the exit reason as the VMM reads it, or an errno. */
TRACE_EVENT(nacre_userspace_exit,
	TP_PROTO(struct nacre_vcpu *vcpu, long error),
	TP_ARGS(vcpu, error),

	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(u32, reason)
		__field(long, error)
	),

	TP_fast_assign(
		__entry->vcpu_id = vcpu->id;
		__entry->reason = vcpu->run->exit_reason;
		__entry->error = error;
	),

	TP_printk("vcpu %u reason %u error %ld", __entry->vcpu_id,
		  __entry->reason, __entry->error)
);

TRACE_EVENT(nacre_stage2_fault,
	TP_PROTO(struct nacre_vcpu *vcpu,
		 const struct nacre_stage2_fault *fault, int result),
	TP_ARGS(vcpu, fault, result),

	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(u64, gpa)
		__field(bool, write)
		__field(bool, fetch)
		__field(bool, present)
		__field(int, result)
	),

	TP_fast_assign(
		__entry->vcpu_id = vcpu->id;
		__entry->gpa = fault->gpa;
		__entry->write = fault->write;
		__entry->fetch = fault->fetch;
		__entry->present = fault->present;
		__entry->result = result;
	),

	TP_printk("vcpu %u gpa 0x%llx%s%s%s result %d", __entry->vcpu_id,
		  __entry->gpa, __entry->write ? " write" : "",
		  __entry->fetch ? " fetch" : "",
		  __entry->present ? " present" : "", __entry->result)
);

TRACE_EVENT(nacre_inject,
	TP_PROTO(struct nacre_vcpu *vcpu, const struct nacre_event *event),
	TP_ARGS(vcpu, event),

	TP_STRUCT__entry(
		__field(unsigned int, vcpu_id)
		__field(u8, type)
		__field(u8, vector)
		__field(bool, has_error)
		__field(u32, error)
	),

	TP_fast_assign(
		__entry->vcpu_id = vcpu->id;
		__entry->type = event->type;
		__entry->vector = event->vector;
		__entry->has_error = event->has_error;
		__entry->error = event->error;
	),

	TP_printk("vcpu %u type %u vector %u error 0x%x", __entry->vcpu_id,
		  __entry->type, __entry->vector, __entry->error)
);

#endif /* NACRE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH module
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
