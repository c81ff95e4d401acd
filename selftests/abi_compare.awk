# SPDX-License-Identifier: GPL-2.0
#
# Pairs the entries of nacre.h with those of kvm.h and prints the comparisons.
# Input, told apart by file name: the list of exceptions, then for each header
# its macros (cc -E -dM) and its members (abi_members.awk).

function theirs(name)
{
	if (name in renamed)
		return renamed[name]
	gsub(/NACRE/, "KVM", name)
	gsub(/nacre/, "kvm", name)
	return name
}

function complain(why)
{
	print "abi_layout: " why > "/dev/stderr"
	bad++
}

# Is it on the list of exceptions of this kind? Notes that the row is needed.
function excepted(kind, name,   row)
{
	for (row = 1; row <= rows; row++)
		if (row_kind[row] == kind && name ~ row_pattern[row]) {
			row_used[row] = 1
			return 1
		}
	return 0
}

# Known to differ in headers before the newest.
function differed(name)
{
	if (!excepted("older", name) || !older)
		return 0
	absent++
	return 1
}

# Something of nacre's has no counterpart.
function missing(what, name)
{
	if (excepted("own", name))
		return
	if (older)
		absent++
	else
		complain(what " " name " has no counterpart and no exception")
}

FILENAME == allow {
	if ($0 ~ /^(#|$)/)
		next
	if ($1 == "renamed") {
		renamed[$2] = $3
		ours_of[$3] = $2
		next
	}
	if ($1 !~ /^(own|kvm|older)$/ || NF < 3)
		complain("bad exception: " $0)
	row_kind[++rows] = $1
	row_pattern[rows] = "^(" $2 ")$"
	row_text[rows] = $0
	next
}

FILENAME ~ /\.macros$/ {
	name = $2
	arity = 0
	if (name ~ /\(/) {
		match($0, /\([^)]*\)/)
		arity = split(substr($0, RSTART, RLENGTH), unused, ",")
		sub(/\(.*/, "", name)
	}
	if (name ~ /^_/ || NF < 3)
		next
	if (name ~ /NACRE/)
		our_macro[name] = arity
	else if (name ~ /^(KVM|MSR_KVM)/ || name in ours_of)
		their_macro[name] = arity
	if ($3 ~ /^"/)
		text[name] = 1
	next
}

$1 == "struct" {
	if ($2 ~ /^nacre_/)
		our_struct[$2] = 1
	else
		their_struct[$2] = 1
	next
}

$3 !~ /__empty_/ {
	if ($2 ~ /^nacre_/)
		our_member[$2 " " $3] = $1
	else
		their_member[$2 " " $3] = $1
}

function macros(   name, k)
{
	for (name in our_macro) {
		k = theirs(name)
		taken[k] = 1
		if (differed(name))
			continue
		if (!(k in their_macro))
			missing("macro", name)
		else if (our_macro[name] != their_macro[k])
			complain("macro " name " takes other arguments")
		else if (our_macro[name])
			print "FUNCTION" our_macro[name] "(" name ", " k ")"
		else
			print (name in text ? "STRING" : "NUMBER") \
				"(" name ", " k ")"
	}
	for (name in their_macro)
		if (!(name in taken) && !older && !excepted("kvm", name))
			complain("macro " name " is not in nacre.h")
}

function structures(   name)
{
	for (name in our_struct) {
		if (differed(name))
			continue
		if (!(theirs(name) in their_struct))
			missing("struct", name)
		else
			print "SIZE(" name ", " theirs(name) ")"
	}
	for (name in their_struct) {
		sub(/^kvm/, "nacre", name)
		if (name in our_struct || older)
			continue
		sub(/^nacre/, "kvm", name)
		if (!excepted("kvm", name))
			complain("struct " name " is not in nacre.h")
	}
}

function compare_member(kind, struct, path,   args)
{
	args = "(" struct ", " path ", " theirs(struct) ", " theirs(path) ")"
	if (kind == "bits") {
		print "BITS" args
		return
	}
	print "OFFSET" args
	if (kind == "tail")
		sub(/, kvm/, "[0]&", args) sub(/)$/, "[0])", args)
	print "WIDTH" args
	if (kind == "value")
		print "TYPE" args
}

function all_members(   key, part, k)
{
	for (key in our_member) {
		split(key, part, " ")
		if (!(theirs(part[1]) in their_struct))
			continue
		k = theirs(key)
		reached[k] = 1
		if (!(k in their_member))
			missing("member", part[1] "." part[2])
		else if (their_member[k] != our_member[key])
			complain("member " key " is " our_member[key] \
				 ", there " their_member[k])
		else
			compare_member(our_member[key], part[1], part[2])
	}
	for (key in their_member) {
		split(key, part, " ")
		k = part[1]
		sub(/^kvm/, "nacre", k)
		if (key in reached || !(k in our_struct) || older)
			continue
		if (!excepted("kvm", part[1] "." part[2]))
			complain("member " part[1] "." part[2] \
				 " is not in nacre.h")
	}
}

END {
	macros()
	structures()
	all_members()
	for (row = 1; row <= rows && !older; row++)
		if (!row_used[row])
			complain("exception not needed: " row_text[row])
	print "#define ABI_ABSENT " absent + 0
	print "#define ABI_AGAINST \"" (older ? "the system's" : "the newest") \
		" kvm.h\""
	exit bad != 0
}
