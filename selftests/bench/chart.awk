# SPDX-License-Identifier: GPL-2.0
#
# A table of compare.sh as a bar chart in SVG: for each row, and for each of what
# its second column has, how much of in-tree KVM's cost nacre has. Where a bar
# reaches the line at 1, both cost the same.
#
# usage: awk -f chart.awk -v title=TEXT -v machine=NAME -v kernel=NAME TABLE

function bar(y, ratio, fill, text) {
	printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n",
	       left, y, ratio * unit, thick, fill
	printf "<text x=\"%.1f\" y=\"%d\" class=\"n\">%s</text>\n",
	       left + ratio * unit + 4, y + thick - 2, text
}

function line(at) {
	printf "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#999\"/>\n",
	       left + at * unit, top - 6, left + at * unit, height - 8
	printf "<text x=\"%d\" y=\"%d\" class=\"n\">%s</text>\n",
	       left + at * unit - 6, top - 10, at
}

BEGIN {
	FS = "\t"
	left = 130; top = 60; unit = 420; thick = 11
	split("#4878a8 #a86848 #5a9060 #8860a0", fill, " ")
}
NR > 1 && $5 ~ /^[0-9.]+$/ {
	if (!($1 in nr_of))
		name[rows++] = $1
	if (!($2 in colour)) {
		kind[++kinds] = $2
		colour[$2] = fill[kinds]
	}
	which[$1, nr_of[$1]++] = $2
	ratio[$1, $2] = $5
	count[$1, $2] = $3
}
END {
	for (i = 0; i < rows; i++)
		bars += nr_of[name[i]]
	height = top + bars * (thick + 2) + rows * 4 + 10
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n", height
	print "<style>.n { font-size: 10px; fill: #333 }</style>"
	print "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>"
	printf "<text x=\"10\" y=\"20\">%s, nacre against in-tree KVM (machine %s, kernel %s)</text>\n", title, machine, kernel
	for (i = 1; i <= kinds; i++) {
		x = 10 + (i - 1) * 80
		printf "<rect x=\"%d\" y=\"28\" width=\"10\" height=\"10\" fill=\"%s\"/>\n", x, fill[i]
		printf "<text x=\"%d\" y=\"37\" class=\"n\">%s</text>\n", x + 14, kind[i]
	}
	line(0.25)
	line(0.5)
	line(1)
	y = top
	for (i = 0; i < rows; i++) {
		printf "<text x=\"10\" y=\"%d\">%s</text>\n", y + 10, name[i]
		for (j = 0; j < nr_of[name[i]]; j++) {
			k = which[name[i], j]
			bar(y, ratio[name[i], k], colour[k], count[name[i], k])
			y += thick + 2
		}
		y += 4
	}
	print "</svg>"
}
