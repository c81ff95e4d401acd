# SPDX-License-Identifier: GPL-2.0
#
# The verdicts of the selftests' runs; see verdicts.sh. A run is written
# machine/kernel/module/cmdline, a case test/case, and a verdict as one of
# "pass", "absent", "skip<tab>reason", "known<tab>-" and "failed<tab>-".
#
# -v file=FILE	the verdicts there are
# -v mode=renew	print the file as it is with the logs taken in
# -v mode=compare	TAP: is each log as the file says? -v quick=1 minds only
#		what got worse, -v all=1 that each row of the file has a log
# -v told=FILE	renew: where to say what was taken

function complain(text) {
	print "verdicts: " text >"/dev/stderr"
	status = 2
}

function sort(list, n,    i, j, x) {
	for (i = 2; i <= n; i++) {
		x = list[i]
		for (j = i - 1; j > 0 && list[j] > x; j--)
			list[j + 1] = list[j]
		list[j + 1] = x
	}
}

function keys_of(set, list,    n, key) {
	n = 0
	for (key in set)
		list[++n] = key
	sort(list, n)
	return n
}

function one_of(list, what) {
	return list == "*" || index("," list ",", "," what ",") > 0
}

# Does the run lie in columns FIRST to FIRST + 3 of a row?
function lies_in(run, row, first,    p, i) {
	split(run, p, "/")
	for (i = 0; i < 4; i++)
		if (!one_of(row[first + i], p[i + 1]))
			return 0
	return 1
}

### The file

function read_row(line,    row, n, i, part) {
	n = split(line, row, "\t")
	if (row[1] == "run" && n == 9) {
		filed[row[2] "/" row[3] "/" row[4] "/" row[5]] = \
			row[6] " " row[7] " " row[8] " " row[9]
	} else if (row[1] == "case" && n == 8) {
		rows[++row_count] = line
	} else if (row[1] == "test" && n == 4) {
		n = split(row[4], part, " ")
		for (i = 1; i <= n; i++)
			named[row[2] "/" part[i]] = 1
		if (n != row[3])
			complain(file ": not " row[3] " cases of " row[2])
	} else {
		complain(file ": no such row: " line)
	}
}

function read_file(    line, i, row, run) {
	while ((getline line <file) > 0)
		if (line !~ /^#/)
			read_row(line)
	close(file)
	for (i = 1; i <= row_count; i++) {
		split(rows[i], row, "\t")
		if (!(row[2] in named))
			complain(file ": no such case: " row[2])
		for (run in filed)
			if (lies_in(run, row, 4))
				was[run, row[2]] = row[3] == "absent" ? \
					row[3] : row[3] "\t" row[8]
	}
	for (run in filed)
		if (filed[run] != sums(run, 1))
			complain(file ": the sums of " run \
				 " are not those of its cases")
}

function was_verdict(run, name) {
	if (!(name in named))
		return "absent"
	return (run, name) in was ? was[run, name] : "pass"
}

### The logs

function log_line(line, log_file,    f) {
	sub(/\r$/, "", line)
	if (line ~ /^# machine .*, cmdline [^ ,]+$/ &&
	    split(line, f, ",? ") == 9) {
		run_of[log_file] = f[3] "/" f[5] "/" f[7] "/" f[9]
	} else if (line ~ /^1\.\.[0-9]+$/) {
		plan[log_file] = substr(line, 4) + 0
	} else if (line ~ /^(not )?ok [0-9]+ /) {
		results[log_file]++
		log_case(line, log_file)
	} else if (line ~ /^lab: [^ \/]+\/[^ \/]+\/[^ \/]+: / &&
		   line !~ /^[^:]*:[^:]*: command exited [01],/) {
		spoilt[log_file] = line
	}
}

function log_case(line, log_file,    good, name, reason, at, verdict) {
	good = line !~ /^not /
	name = line
	sub(/^(not )?ok [0-9]+ /, "", name)
	at = index(name, " # ")
	if (at) {
		reason = substr(name, at + 3)
		name = substr(name, 1, at - 1)
	}
	verdict = good ? "pass" : "failed\t-"
	if (reason ~ /^SKIP/) {
		sub(/^SKIP */, "", reason)
		gsub(/\t/, " ", reason)
		verdict = "skip\t" (reason == "" ? "-" : reason)
	} else if (!good && reason ~ /^TODO/) {
		verdict = "known\t-"
	}
	if (name ~ /[ \t]/ || name !~ /.\/./)
		spoilt[log_file] = "no name of a case: " name
	if ((log_file, name) in said)
		spoilt[log_file] = "twice: " name
	said[log_file, name] = verdict
	cases[log_file] = cases[log_file] " " name
}

# Why the log does not tell what a run of all tests came to; "" if it does.
function unfit(log_file) {
	if (!(log_file in run_of))
		return "no run of all selftests"
	if (log_file in spoilt)
		return spoilt[log_file]
	if (!(log_file in plan) || plan[log_file] != results[log_file])
		return "the run did not come to its end"
	return ""
}

function take(log_file,    run, list, n, i) {
	run = run_of[log_file]
	if (run in log_of) {
		complain("two logs of " run ": " log_of[run] ", " log_file)
		return
	}
	log_of[run] = log_file
	n = split(cases[log_file], list, " ")
	for (i = 1; i <= n; i++) {
		is[run, list[i]] = said[log_file, list[i]]
		found[list[i]] = 1
	}
}

function is_verdict(run, name) {
	return (run, name) in is ? is[run, name] : "absent"
}

function read_log(log_file,    line, got) {
	while ((got = (getline line <log_file)) > 0)
		log_line(line, log_file)
	close(log_file)
	if (got < 0)
		spoilt[log_file] = "cannot be read"
}

### What a run is now

function now(run, name) {
	return run in log_of ? is_verdict(run, name) : was_verdict(run, name)
}

# PASSED FAILED SKIPPED KNOWN, of the file as it WAS or as it is now.
function sums(run, was_it,    name, word, n) {
	for (name in named) {
		word = was_it ? was_verdict(run, name) : now(run, name)
		sub(/\t.*/, "", word)
		n[word]++
	}
	return n["pass"] + 0 " " n["failed"] + 0 " " n["skip"] + 0 " " \
	       n["known"] + 0
}

### Comparing

function in_words(verdict,    f) {
	split(verdict, f, "\t")
	return f[1] (f[1] == "skip" ? " (" f[2] ")" : "")
}

function tap(good, name, why) {
	count++
	failures += !good
	print (good ? "ok " : "not ok ") count " verdicts/" name \
	      (why == "" ? "" : " # " why)
}

function compare_case(run, name,    before, after) {
	before = was_verdict(run, name)
	after = is_verdict(run, name)
	if (before == after)
		return 0
	print "#   " name ": " in_words(after) ", in the file: " \
	      in_words(before)
	return !(quick && after == "pass")
}

function compare_run(run,    list, n, i, worse) {
	if (!(run in filed)) {
		tap(quick, run, (quick ? "SKIP " : "") "not in the file")
		return
	}
	worse = 0
	n = keys_of(everything, list)
	for (i = 1; i <= n; i++)
		worse += compare_case(run, list[i])
	if (worse)
		print "# " log_of[run] " differs. If it is right:" \
		      " make verdicts, and commit selftests/verdicts.tsv"
	tap(!worse, run)
}

function compare(    i, why, name, list, n) {
	for (name in named)
		everything[name] = 1
	for (name in found)
		everything[name] = 1
	print "TAP version 13"
	for (i = 1; i < ARGC; i++) {
		why = unfit(ARGV[i])
		if (why == "")
			compare_run(run_of[ARGV[i]])
		else
			tap(0, ARGV[i], why)
	}
	n = keys_of(filed, list)
	for (i = 1; all && i <= n; i++)
		if (!(list[i] in log_of))
			tap(0, list[i], "in the file, but nobody ran it")
	print "1.." count
}

### Renewing

# Each set of the values that runs have in their part D: all of them, then one
# by one, then more, for the first that will do is taken.
function make_choices(d,    run, p, set, list, n, size, mask, text) {
	for (run in runs) {
		split(run, p, "/")
		set[p[d]] = 1
	}
	n = keys_of(set, list)
	choice[d, ++choices[d]] = "*"
	for (size = 1; size < n; size++)
		for (mask = 1; mask < 2 ^ n; mask++) {
			text = subset(list, n, mask)
			if (gsub(/,/, ",", text) == size - 1)
				choice[d, ++choices[d]] = text
		}
}

function subset(list, n, mask,    i, text) {
	for (i = 1; i <= n; i++)
		if (int(mask / 2 ^ (i - 1)) % 2)
			text = text "," list[i]
	return substr(text, 2)
}

# The machines whose runs with these kernels, modules and lines are all meant.
# gain: how many of them no row has yet.
function machines_for(row,    run, p, bad, any, new, list, n, i, text) {
	row[1] = "*"
	for (run in runs) {
		if (!lies_in(run, row, 1))
			continue
		split(run, p, "/")
		any[p[1]] = 1
		bad[p[1]] += !(run in meant)
		new[p[1]] += run in todo
	}
	gain = 0
	n = keys_of(any, list)
	for (i = 1; i <= n; i++) {
		if (bad[list[i]])
			continue
		gain += new[list[i]]
		text = text "," list[i]
	}
	text = substr(text, 2)
	return text == all_machines ? "*" : text
}

# The row that covers most of what is left; best[1..4] are its columns.
function best_row(best,    k, m, c, row, text, most) {
	most = 0
	for (k = 1; k <= choices[2]; k++)
	for (m = 1; m <= choices[3]; m++)
	for (c = 1; c <= choices[4]; c++) {
		row[2] = choice[2, k]
		row[3] = choice[3, m]
		row[4] = choice[4, c]
		text = machines_for(row)
		if (gain <= most)
			continue
		most = gain
		best[1] = text
		best[2] = row[2]
		best[3] = row[3]
		best[4] = row[4]
	}
}

# The rows of one case with one verdict.
function print_rows(name, verdict,    f, best, run, left) {
	split(verdict, f, "\t")
	split("", meant)
	split("", todo)
	left = 0
	for (run in runs)
		if (now(run, name) == verdict) {
			meant[run] = todo[run] = 1
			left++
		}
	while (left > 0) {
		best_row(best)
		print "case\t" name "\t" f[1] "\t" best[1] "\t" best[2] "\t" \
		      best[3] "\t" best[4] "\t" (f[2] == "" ? "-" : f[2])
		for (run in runs)
			if (run in todo && lies_in(run, best, 1)) {
				delete todo[run]
				left--
			}
	}
}

function print_cases(list, n,    i, j, run, set, verdicts, many) {
	for (i = 1; i <= n; i++) {
		split("", set)
		split("", verdicts)
		for (run in runs)
			if (now(run, list[i]) != "pass")
				set[now(run, list[i])] = 1
		many = keys_of(set, verdicts)
		for (j = 1; j <= many; j++)
			print_rows(list[i], verdicts[j])
	}
}

function print_tests(list, n,    i, at, test, text, many) {
	for (i = 1; i <= n; i++) {
		at = index(list[i], "/")
		if (substr(list[i], 1, at - 1) != test) {
			if (many)
				print "test\t" test "\t" many "\t" text
			test = substr(list[i], 1, at - 1)
			text = ""
			many = 0
		}
		text = text (many++ ? " " : "") substr(list[i], at + 1)
	}
	if (many)
		print "test\t" test "\t" many "\t" text
}

function print_runs(list, n,    i, line) {
	for (i = 1; i <= n; i++) {
		line = list[i] "/" sums(list[i], 0)
		gsub(/[\/ ]/, "\t", line)
		print "run\t" line
	}
}

# A case that no run has any more is gone.
function drop_gone(    name, run, there) {
	for (name in found)
		named[name] = 1
	for (name in named) {
		there = 0
		for (run in runs)
			there += now(run, name) != "absent"
		if (!there)
			gone[name] = 1
	}
	for (name in gone)
		delete named[name]
}

function renew(    i, run, set, p, list, n, names, many) {
	for (run in filed)
		runs[run] = 1
	for (run in log_of)
		runs[run] = 1
	# A case that is new is one that the runs of the file did not have.
	for (run in filed)
		for (i in found)
			if (!(i in named))
				was[run, i] = "absent"
	drop_gone()
	for (i = 2; i <= 4; i++)
		make_choices(i)
	for (run in runs) {
		split(run, p, "/")
		set[p[1]] = 1
	}
	n = keys_of(set, list)
	for (i = 1; i <= n; i++)
		all_machines = all_machines (i > 1 ? "," : "") list[i]
	n = keys_of(runs, list)
	many = keys_of(named, names)
	print "#run\tmachine\tkernel\tmodule\tcmdline\tpassed\tfailed" \
	      "\tskipped\tknown"
	print_runs(list, n)
	print "#case\tname\tverdict\tmachine\tkernel\tmodule\tcmdline\treason"
	print_cases(names, many)
	print "#test\tname\tcases\ttheir names"
	print_tests(names, many)
	for (i = 1; i < ARGC; i++)
		tell(ARGV[i])
}

function tell(log_file,    why, n) {
	why = unfit(log_file)
	if (why == "") {
		split(sums(run_of[log_file], 0), n, " ")
		print run_of[log_file] ": " n[1] " passed, " n[2] " failed, " \
		      n[3] " skipped, " n[4] " known, from " log_file >told
	} else if (log_file in run_of) {
		print log_file ": not taken: " why >told
	}
}

BEGIN {
	status = 0
	read_file()
	for (arg = 1; arg < ARGC; arg++) {
		read_log(ARGV[arg])
		if (unfit(ARGV[arg]) == "")
			take(ARGV[arg])
	}
	if (status)
		exit status
	if (mode == "renew")
		renew()
	else
		compare()
	exit failures > 0
}
