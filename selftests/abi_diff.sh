#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The same seeded ioctl calls on nacre and on in-tree KVM, each in a machine
# of its own, compared. Output is TAP, exit status 0 if all is well.

set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
top=$(dirname "$here")
program=$top/build/selftests/abi_diff

usage()
{
	cat <<'END'
usage: selftests/abi_diff.sh [--kernel K] [--machine M] [--calls N] [--seed N]
                             [--timeout S] [--ours MODULE] [--keep DIR]
                             [--theirs FILE]
       selftests/abi_diff.sh --selfcheck

  --kernel    6.1 (default) or another of the lab's
  --machine   svm (default) or another of the lab's
  --calls     100000
  --seed      1
  --timeout   600, seconds for each machine
  --ours      nacre (default), or kvm: in-tree KVM against itself, which shows
              whether the comparison is free of chance
  --theirs    a trace of in-tree KVM that an earlier run with the same options
              kept; it is recorded anew otherwise
  --keep      where the traces stay; by default they go
  --selfcheck the comparison's own test, without a machine

Reproduce a line: lab/run [--module kvm] -- build/selftests/abi_diff replay \
	--jobs 2 --known selftests/abi_diff.tsv --seed S --index I -v
END
	exit 2
}

kernel=6.1 machine=svm calls=100000 seed=1 timeout=600 ours=nacre keep='' theirs=''
selfcheck=''

while [[ $# -gt 0 ]]; do
	case $1 in
	--selfcheck) selfcheck=yes; shift; continue ;;
	--kernel | --machine | --calls | --seed | --timeout | --ours | --keep | \
	--theirs) ;;
	*) usage ;;
	esac
	[[ $# -ge 2 ]] || usage
	printf -v "${1#--}" %s "$2"
	shift 2
done

make -s -C "$here/abi_diff" O="$top/build/selftests" Q=@ >&2
if [[ -n $selfcheck ]]; then
	exec "$program" selfcheck
fi

# Inside the repository: a machine has a /tmp of its own.
dir=$keep
if [[ -z $dir ]]; then
	dir=$(mktemp -d "$top/build/selftests/abi_diff.XXXXXX")
	trap 'rm -rf "$dir"' EXIT
fi
mkdir -p "$dir"
dir=$(cd "$dir" && pwd -P)

# Program and table as they are now, for both machines and the comparison.
cp "$program" "$dir/abi_diff"
cp "$here/abi_diff.tsv" "$dir/known"
program=$dir/abi_diff

# record MODULE FILE
record()
{
	"$top/lab/run" --machine "$machine" --kernel "$kernel" --module "$1" \
		--timeout "$timeout" --cpus 2 -- "$program" record --jobs 2 \
		--seed "$seed" --calls "$calls" \
		--known "$dir/known" >"$2" 2>"$2.log"
}

cd "$top"
record "$ours" "$dir/ours" &
ours_pid=$!
ours_status=0 theirs_status=0
if [[ -z $theirs ]]; then
	theirs=$dir/theirs
	record kvm "$theirs" || theirs_status=$?
	sed 's/^/# /' "$theirs.log"
fi
wait "$ours_pid" || ours_status=$?
sed 's/^/# /' "$dir/ours.log"

# A complaint of in-tree KVM's kernel is not ours; its trace still counts.
if [[ $theirs_status -ne 0 && $theirs_status -ne 122 ]]; then
	echo "Bail out! the machine with in-tree KVM: status $theirs_status"
	exit 1
fi
if ! grep -q '^H end 1' "$dir/ours"; then
	echo "Bail out! the machine with $ours: status $ours_status"
	exit 1
fi

status=0
"$program" compare --known "$dir/known" "$dir/ours" "$theirs" ||
	status=$?
if [[ $ours_status -ne 0 ]]; then
	echo "# the machine with $ours: status $ours_status"
	[[ $status -ne 0 ]] || status=$ours_status
fi
exit "$status"
