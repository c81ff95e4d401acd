# SPDX-License-Identifier: GPL-2.0
#
# Reads a preprocessed header, prints every member of every structure that is
# nacre's or KVM's:
#
#   struct NAME
#   KIND NAME PATH
#
# PATH is what offsetof() takes. KIND: value (a scalar or an array of them),
# aggregate (a structure or union, or an array of them), tail (a counted
# tail), bits (a bit field).

function fail(why)
{
	print "abi_members: " why " near token " i ": " tok[i] > "/dev/stderr"
	failed = 1
	exit 1
}

# The index of the bracket that closes the one at index at.
function closing(at,   depth)
{
	for (depth = 0; at <= count; at++) {
		if (tok[at] ~ /^({|\(|\[)$/)
			depth++
		if (tok[at] ~ /^(}|\)|\])$/ && --depth == 0)
			return at
	}
	fail("unbalanced bracket")
}

function is_name(t)
{
	return t ~ /^[A-Za-z_][A-Za-z_0-9]*$/
}

# One declarator: tokens from..to. Prints it and leaves its path in `path'.
function declarator(from, to, kind, prefix,   at, name)
{
	name = ""
	for (at = from; at <= to && tok[at] !~ /^(\[|:)$/; at++)
		if (is_name(tok[at]))
			name = tok[at]
	if (name == "")
		fail("no name")
	path = prefix name
	if (at <= to && tok[at] == ":")
		kind = "bits"
	else if (at <= to && tok[at + (tok[at + 1] == "0") + 1] == "]")
		kind = "tail"
	print kind, owner, path
	return at <= to && tok[at] == "["
}

# A structure or union in place: its body is open..shut.
function in_place(open, shut, end, prefix,   array)
{
	if (shut + 1 == end) {
		members(open + 1, shut - 1, prefix)
		return
	}
	array = declarator(shut + 1, end - 1, "aggregate", prefix)
	members(open + 1, shut - 1, path (array ? "[0]." : "."))
}

# All members between two indices.
function members(from, to, prefix,   at, end, start, kind)
{
	for (at = from; at <= to; at = end + 1) {
		while (tok[at] == "__extension__")
			at++
		for (end = at; tok[end] != ";"; end++)
			if (tok[end] ~ /^({|\(|\[)$/)
				end = closing(end)
		if (at == end)
			continue
		if (tok[at] ~ /^(struct|union)$/ && tok[at + 1] == "{") {
			in_place(at + 1, closing(at + 1), end, prefix)
			continue
		}
		kind = tok[at] ~ /^(struct|union)$/ ? "aggregate" : "value"
		for (start = at; at <= end; at++) {
			if (tok[at] == "[")
				at = closing(at)
			if (tok[at] != "," && at != end)
				continue
			declarator(start, at - 1, kind, prefix)
			start = at + 1
		}
	}
}

{
	gsub(/[][{}();:,*=]/, " & ")
	for (i = 1; i <= NF; i++)
		tok[++count] = $i
}

END {
	if (failed)
		exit 1
	for (i = 1; i <= count; i++) {
		if (tok[i] != "struct" || tok[i + 2] != "{" ||
		    tok[i + 1] !~ /^(nacre|kvm)_/)
			continue
		owner = tok[i + 1]
		shut = closing(i + 2)
		print "struct", owner
		members(i + 3, shut - 1, "")
		i = shut
	}
}
