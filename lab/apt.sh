# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
# The machine's packages: a source of newer ones beside its own Debian source,
# pinned so that nothing else moves. Wants lib.sh.

# One line on stderr, the details in a log that is shown when a step fails.
# It runs in a condition, where errexit is off: hence the && chains elsewhere.
# What a package starts must not keep the set-up's lock.
step()
{
	local what=$1 begin=$SECONDS

	shift
	note "setup: $what ..."
	if ! "$@" >"$lab_cache/setup.log" 2>&1 9>&-; then
		tail -n 25 "$lab_cache/setup.log" >&2
		die 1 "setup: failed: $what (whole log: $lab_cache/setup.log)"
	fi
	note "setup: $what: done in $((SECONDS - begin)) s"
}

apt()
{
	DEBIAN_FRONTEND=noninteractive APT_LISTCHANGES_FRONTEND=none \
		apt-get -q -y -o DPkg::Lock::Timeout=600 "$@"
}

# The lock of apt's lists has no time-out of its own.
apt_update()
{
	local try

	for try in {1..60}; do
		apt update && return
		flock -n /var/lib/apt/lists/lock true && [[ $try -gt 3 ]] &&
			return 1
		sleep 5
	done
	return 1
}

# --no-remove: the lab never takes a package away from the machine.
apt_install()
{
	apt install --no-install-recommends --no-remove "$@"
}

apt_etc=/etc/apt
apt_name=nacre-lab

# Print the machine's Debian source as that of suite $1, from a .sources file
# on stdin: the stanza that has the suite $2, its other fields unchanged.
stanza_for()
{
	awk -v new="$1" -v old="$2" '
	function flush() {
		if (hit && deb && !off && !done) {
			printf "Types: deb\nSuites: %s\n", new
			printf "Components: main\n%s", keep
			done = 1
		}
		keep = field = ""; hit = deb = off = 0
	}
	/^#/ { next }
	/^[ \t]*$/ { flush(); next }
	/^[^ \t]/ { field = tolower($1) }
	field == "suites:" || field == "types:" {
		for (i = 1; i <= NF; i++) {
			if (field == "suites:" && $i == old) hit = 1
			if (field == "types:" && $i == "deb") deb = 1
		}
		next
	}
	field == "enabled:" { off = tolower($2) == "no"; next }
	field == "components:" { next }
	{ keep = keep $0 "\n" }
	END { flush() }'
}

# The same from a one-line sources.list on stdin.
line_for()
{
	awk -v new="$1" -v old="$2" '
	$1 != "deb" || done { next }
	{
		line = $0
		sub(/^[ \t]*deb[ \t]+/, "", line)
		opts = ""
		if (match(line, /^\[[^]]*\][ \t]+/)) {
			opts = substr(line, 1, RLENGTH)
			line = substr(line, RLENGTH + 1)
		}
		split(line, part)
		if (part[2] == old) {
			print "deb " opts part[1] " " new " main"
			done = 1
		}
	}'
}

# Print FILE-SUFFIX and, from the next line on, the source for suite $1.
source_for()
{
	local file text

	for file in "$apt_etc"/sources.list.d/*.sources; do
		[[ -f $file && $file != */$apt_name.sources ]] || continue
		text=$(stanza_for "$1" "$2" <"$file")
		[[ -n $text ]] && printf 'sources\n%s\n' "$text" && return
	done
	for file in "$apt_etc"/sources.list "$apt_etc"/sources.list.d/*.list; do
		[[ -f $file && $file != */$apt_name.list ]] || continue
		text=$(line_for "$1" "$2" <"$file")
		[[ -n $text ]] && printf 'list\n%s\n' "$text" && return
	done
	return 1
}

# $1's newer packages, pinned so low that none is taken unasked.
backports_source()
{
	local suite=$1-backports found file pin=$apt_etc/preferences.d/$apt_name

	found=$(source_for "$suite" "$1") ||
		die 1 "setup: no source of Debian's $1 in $apt_etc to follow"
	file=$apt_etc/sources.list.d/$apt_name.${found%%$'\n'*}
	rm -f "$apt_etc/sources.list.d/$apt_name".*
	printf 'Package: *\nPin: release n=%s\nPin-Priority: 90\n' \
		"$suite" >"$pin"
	printf '%s\n' "${found#*$'\n'}" >"$file"
}

# The newest version of package $1 that begins with $2.
newest_version()
{
	apt-cache show "$1" 2>/dev/null |
		awk -v begin="$2" '$1 == "Version:" && index($2, begin) == 1 {
			print $2
		}' | sort -V | tail -n 1
}

# Once in a set-up, before the first package that may be missing.
apt_ready()
{
	local codename

	[[ -z ${apt_is_ready-} ]] || return 0
	[[ $(id -u) -eq 0 ]] || die 1 "setup: needs root, for apt"
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	[[ $codename = bookworm ]] ||
		die 1 "setup: knows Debian 12 (bookworm), not '$codename'"
	backports_source "$codename"
	step "package lists" apt_update
	step "build tools" apt_install --no-upgrade \
		ca-certificates cpio gcc kmod libc6-dev make xz-utils zstd
	apt_is_ready=yes
}

# Fetch the source of package $2 as it is in suite $1, in a version that begins
# with $3, to folder $4; by package lists of its own, away from the machine's.
fetch_source()
{
	local suite=$1 package=$2 version=$3 dir=$4 found list codename

	codename=$(. /etc/os-release && echo "$VERSION_CODENAME") &&
		found=$(source_for "$suite" "$codename") || return
	rm -rf "$dir" && mkdir -p "$dir"/apt/{lists,cache/archives}/partial || return
	list=$dir/apt/source.${found%%$'\n'*}
	printf '%s\n' "${found#*$'\n'}" |
		sed 's/^Types: deb$/Types: deb-src/; s/^deb /deb-src /' >"$list"
	cat >"$dir/apt/conf" <<-END
	Dir::Etc::SourceList "$list";
	Dir::Etc::SourceParts "/dev/null";
	Dir::State::Lists "$dir/apt/lists";
	Dir::Cache "$dir/apt/cache";
	APT::Sandbox::User "root";
	END
	(cd "$dir" && export APT_CONFIG=$dir/apt/conf && apt update &&
		version=$(source_version "$package" "$version") &&
		apt source --download-only --tar-only "$package=$version") &&
		rm -r "$dir/apt"
}

# The newest of source package $1 that begins with $2.
source_version()
{
	apt-cache showsrc "$1" | sed -n 's/^Version: //p' | grep "^$2" |
		sort -V | tail -n 1
}

# Fetch package $1 (NAME or NAME=VERSION) and unpack it in $2. The copy lies
# in /tmp because apt downloads as a user of its own.
unpack_package()
{
	local tmp

	tmp=$(mktemp -d) && chmod 755 "$tmp" && mkdir -p "$2" &&
		(cd "$tmp" && apt download "$1") &&
		dpkg -x "$tmp"/*.deb "$2" &&
		rm -r "$tmp"
}
