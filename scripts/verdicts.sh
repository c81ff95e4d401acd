#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The verdicts of the selftests' runs as a file: renew it, hold logs against it.

set -u -o pipefail
export LC_ALL=C

top=$(cd "$(dirname "$0")/.." && pwd)
file=$top/selftests/verdicts.tsv

usage()
{
	cat <<'END'
usage: verdicts.sh --renew [LOG...]
       verdicts.sh --compare [--quick | --all] LOG...
       verdicts.sh --missing
       verdicts.sh --help

selftests/verdicts.tsv has what each run of all selftests came to, by machine,
kernel, module and kernel line ("fast" or "default", as lab/run names them). A
log is the output of such a run, "lab/run ... -- selftests/run"; those of
scripts/check.sh are build/check/MODULE-MACHINE-KERNEL*.log.

  --renew	take the logs into the file, by default all in build/check;
		the rows of other runs stay, and --missing follows. A run that
		is no more is taken out by hand: its row "run" goes, then
		--renew
  --compare	TAP, a case for each log: is everything as the file says?
  --quick	only what got worse is a failure: a case that is gone, that is
		skipped or fails, or for another reason. A run that is not in
		the file is skipped
  --all		each run of the file has to be among the logs
  --missing	the steps of check.sh whose run is not in the file; 1 if any
  --file FILE	instead of selftests/verdicts.tsv

The file's rows, with tabs between:
  run	machine kernel module cmdline passed failed skipped known
  case	test/case verdict machine kernel module cmdline reason
	One that does not simply pass: it is skipped, known (known.tsv), failed
	or absent, where the four columns say. They hold one name or several
	with commas between; "*" stands for all that a run is there of.
  test	test number cases...
	The cases that there are. What no row "case" says something else of
	passes in every run.
END
}

wrong()
{
	echo "verdicts.sh: $*" >&2
	usage >&2
	exit 2
}

judge()
{
	awk -v file="$file" "$@"
}

renew()
{
	local told status=0

	told=$(mktemp) || exit 2
	{
		echo "# What each run of all selftests came to: see" \
			"scripts/verdicts.sh --help. Not made by hand."
		judge -v mode=renew -v told="$told" \
			-f "$top/scripts/verdicts.awk" "$@"
	} >"$file.new" || status=$?
	if [[ $status -eq 0 ]]; then
		mv "$file.new" "$file"
		cat "$told"
		[[ -s $told ]] || echo "no log of a run: $file is as it was"
	fi
	rm -f "$told" "$file.new"
	return "$status"
}

# The runs of check.sh's steps, as "STEP<tab>machine kernel module cmdline".
steps()
{
	"$top/scripts/check.sh" slow --list | awk -v OFS='\t' '
	/^[^ ]+ +selftests of / {
		print $1, $6, $8, $4, /distribution/ ? "default" : "fast"
	}'
}

missing()
{
	local step run status=0

	while IFS=$'\t' read -r step run; do
		grep -q "^run	$run	" "$file" && continue
		echo "$step: not in the file"
		status=1
	done < <(steps)
	return "$status"
}

mode='' options=()
while [[ $# -gt 0 ]]; do
	case $1 in
	--help) usage; exit ;;
	--renew | --compare | --missing) mode=${1#--} ;;
	--quick | --all) options+=(-v "${1#--}=1") ;;
	--file)
		[[ $# -ge 2 ]] || wrong "$1 wants a file"
		file=$2
		shift
		;;
	--) shift; break ;;
	-*) wrong "unknown option $1" ;;
	*) break ;;
	esac
	shift
done

case $mode in
renew)
	if [[ $# -eq 0 ]]; then
		cd "$top" || exit 2
		set -- build/check/*.log
	fi
	[[ -e $1 ]] || wrong "no log"
	renew "$@" && { missing || true; }
	;;
compare)
	[[ $# -gt 0 ]] || wrong "no log"
	judge -v mode=compare "${options[@]}" -f "$top/scripts/verdicts.awk" "$@"
	;;
missing)
	missing
	;;
*)
	wrong "what is to be done?"
	;;
esac
