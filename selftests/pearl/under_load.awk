# SPDX-License-Identifier: GPL-2.0
#
# What a run of under_load.sh comes to, as TAP. Its input is what the guest has
# printed, and lines that the script has put below:
#
#	pearl ...			of --stats
#	ends STATUS STATUS		how pearl's two runs ended
#	file SUM			the disk, outside
#	again SUM			the disk, in the guest that came after
#	complaint WORDS			of the guest's kernel
#	beside WORDS			one that in-tree KVM's guest had, too
#
# cpus, seconds: what was asked for; oracle: this is in-tree KVM's guest itself.

function bad(words)
{
	why[++whys] = words
}

function verdict(name, figures,    i)
{
	cases++
	for (i = 1; i <= whys; i++)
		print "# " why[i]
	print (whys ? "not ok " : "ok ") cases " " name \
	      (figures == "" || whys ? "" : " # " figures)
	failed += whys > 0
	whys = 0
}

# The counts whose name begins so: how many there are, and that each has all of
# what was sent, and at least so much.
function check_counts(prefix, want, least,    name, n)
{
	total = 0
	for (name in sent) {
		if (index(name, prefix) != 1)
			continue
		n++
		total += received[name]
		if (sent[name] != received[name])
			bad(name ": " sent[name] " sent, " received[name] \
			    " arrived")
		else if (sent[name] < least)
			bad(name ": " sent[name] " are too few")
	}
	if (n != want)
		bad(prefix ": " n + 0 " of " want " have told")
}

function check_timers()
{
	check_counts("timer.periodic.", cpus, 45 * seconds)
	all = total
	check_counts("timer.signal.", cpus, 45 * seconds)
	all += total
	check_counts("timer.once.", cpus, seconds)
	verdict("timers", all + total " expiries")
}

function check_ipis()
{
	check_counts("ipi.there.", cpus, seconds)
	all = total
	check_counts("ipi.back.", cpus, seconds)
	all += total
	verdict("signals between processors", all " of them")
	check_counts("ipi.barrier", 1, seconds)
	verdict("barriers in other processors", total " of them")
	check_counts("ipi.flush.", cpus, seconds)
	verdict("pages that are gone", total " looks")
	check_counts("ipi.wander", 1, seconds)
	verdict("from processor to processor", total " times")
}

# Those of one processor, or of all if it is 0.
function came(row, cpu,    i, n)
{
	for (i = 1; i <= cpus; i++)
		if (!cpu || i == cpu)
			n += after[row, i] - before[row, i]
	return n
}

function check_interrupts(    i, n)
{
	for (i = 1; i <= cpus; i++) {
		if (came("LOC:", i) < 10 * seconds)
			bad("processor " i - 1 ": " came("LOC:", i) \
			    " interrupts of its timer")
		n = came("RES:", i) + came("CAL:", i)
		if (cpus > 1 && n < seconds)
			bad("processor " i - 1 ": " n " from other processors")
	}
	if (cpus > 1 && came("TLB:", 0) < seconds)
		bad(came("TLB:", 0) " flushes from other processors")
	verdict("interrupts in every processor", came("LOC:", 0) \
		" timer, " came("RES:", 0) + came("CAL:", 0) " from others")
}

# An empty request, by which the kernel flushes, is a write to it and none to
# the disk, which sees the flush. Those of one moment have one flush.
function check_requests(    guest, syncs, name)
{
	for (name in sent)
		if (index(name, "disk.sync.") == 1)
			syncs += sent[name]
	# One at the end.
	syncs++
	guest = stat[1] + stat[5] + stat[12] + stat[16] - syncs
	if (requests == "" || !stat[5])
		bad("nobody has counted")
	else if (guest != requests)
		bad("the guest has had " guest " answers (" stat[1] \
		    " reads, " stat[5] - syncs " writes, " stat[16] \
		    " flushes), pearl has given " requests)
	if (stat[9] != 0)
		bad(stat[9] " requests are without an answer")
	verdict("answers of the disk", requests)
}

# Two that come together are one to the guest; it can have no more than came.
function check_disk_interrupts()
{
	if (!(disk_row in row_name))
		bad("the guest has no interrupt of its disk")
	else if (taken < 1 || taken > interrupts)
		bad("pearl has sent " interrupts ", the guest has had " taken)
	verdict("interrupts of the disk", taken " of " interrupts)
}

function check_sums()
{
	if (copy !~ /^[0-9a-f]+$/ || copy != file)
		bad("written: " copy ", in the file: " file)
	if (copy != again)
		bad("written: " copy ", after the reboot: " again)
	verdict("what was written, after a reboot", copy)
}

function check_complaints(    words, n, theirs)
{
	for (words in complaint) {
		if (oracle != "" || words in beside)
			theirs++
		else
			bad("the guest's kernel says something")
		n++
		print "# complaint: " words
	}
	if (!log_lines)
		bad("there is no log")
	verdict("no complaint of the guest's kernel",
		n ? n ", in-tree KVM's guest has them, too" : "")
}

$1 == "count" && NF == 4 { sent[$2] = $3; received[$2] = $4 }
$1 == "load:" { load = $0 }
$1 == "stat" { for (i = 2; i <= NF; i++) stat[i - 1] = $i }
$1 == "clocksource" { clocksource = $2 }
$1 == "copy" { copy = $2 }
$1 == "file" { file = $2 }
$1 == "again" { again = $2 }
$1 == "ends" { first_end = $2; second_end = $3 }
$1 == "log" { log_lines++ }
$1 == "complaint" { sub(/^complaint /, ""); complaint[$0] = 1 }
$1 == "beside" { sub(/^beside /, ""); beside[$0] = 1 }
$1 == "pearl" && $3 == "virtio-blk" { requests = $7; interrupts = $9 }
$1 == "before" { for (i = 1; i <= cpus; i++) before[$2, i] = $(i + 2) }
$1 == "after" {
	row_name[$NF] = 1
	for (i = 1; i <= cpus; i++)
		after[$2, i] = $(i + 2)
	if ($NF == disk_row)
		for (i = 1; i <= cpus; i++)
			taken += $(i + 2)
}

BEGIN { disk_row = "virtio2-req.0" }

END {
	print "TAP version 13"
	if (first_end != 3 || second_end != 0)
		bad("pearl's statuses: " first_end ", then " second_end)
	if (load !~ ("^load: " cpus " processors, "))
		bad("the load's last words: " load)
	verdict("a reboot and a clean end", load)
	check_timers()
	check_ipis()
	check_counts("fork.", cpus, seconds / 10)
	verdict("processes", total " of them")
	check_counts("disk.write.", 4, seconds / 2)
	all = total
	check_counts("disk.read.", 4, 1)
	all += total
	check_counts("disk.sync.", 4, 1)
	verdict("writes, reads and flushes", all + total)
	check_requests()
	check_disk_interrupts()
	check_interrupts()
	check_sums()
	if (clocksource !~ /^(kvm-clock|tsc)$/)
		bad("its clock is " clocksource)
	verdict("the clock that it began with", clocksource)
	check_complaints()
	print "1.." cases
	exit failed > 0
}
