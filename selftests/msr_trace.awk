# SPDX-License-Identifier: GPL-2.0
#
# From a trace of MSR writes to whether each has its place: see msr_trace.c. One
# case for each run, in the order of the runs.

BEGIN {
	split("1 1 2 2 1", guest_of)
	runs = 5
	BARRIER = "00000049"		# IA32_PRED_CMD
	SHOWN = "c0000102"		# KERNEL_GS_BASE
	turn["first"] = ""
	turn[0] = " after another"
	turn[1] = " again"
	print "TAP version 13"
	print "1.." runs
}

function is_same() { return guest_of[run] == guest_of[run - 1] }

function wrong(why) { whys = whys "# " why "\n" }

function begin(n)
{
	run = n + 1
	trace = whys = ""
	barriers = shown = 0
	delete loaded
	delete last
}

# The guest's values are out of the processor again, and so is nothing of it.
function end(    msr)
{
	if (!run || run > runs)
		return
	if (shown != 1)
		wrong("the guest showed itself " shown " times")
	if (run > 1 && !is_same() && barriers != 1)
		wrong("another guest, and " barriers " barriers")
	if (run > 1 && is_same() && barriers)
		wrong("the same guest, and a barrier")
	for (msr in loaded)
		if (last[msr] == loaded[msr])
			wrong(msr " stays the guest's")
	printf "%s%s%s %d - guest %d%s\n", trace, whys, whys ? "not ok" : "ok",
	       run, guest_of[run], turn[run == 1 ? "first" : is_same()]
	failed = failed || whys != ""
}

$1 == "mark" {
	end()
	begin($2)
	next
}

!run { next }

{
	msr = $9
	value = $11
	trace = trace "# " $1 " writes " msr ": " value "\n"
}

$1 == "guest" {
	if (msr == SHOWN && value + 0 == guest_of[run])
		shown++
	else
		wrong("the guest writes " msr)
	next
}

msr == BARRIER {
	if (shown)
		wrong("a barrier behind the guest")
	barriers++
	next
}

# SYSCALL's, in before the guest and out behind it. The base of GS may be swapped
# without a write, and the guest's be the host's.
msr ~ /^c000008/ {
	if (!shown)
		loaded[msr] = value
	last[msr] = value
}

END {
	if (run != runs + 1) {
		print "Bail out! the trace ends in run " run
		exit 1
	}
	exit failed
}
