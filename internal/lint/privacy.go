package lint

import (
	"fmt"
	"strings"
)

var privacyRules = []definition{
	{
		Rule: Rule{
			ID: "privacy/contact", Family: "privacy", Severity: Error, Everywhere: true,
			Summary: "A text holds an e-mail address, a telephone number or the number of a payment card. A street address, and whatever is reserved for examples (example.com, 555-01xx), is a warning.",
			Why:     "A model can recite what it was trained on, to anybody. What is reserved for examples hurts nobody, but teaches the model to give out such things.",
			Source:  "Data protection law; RFC 2606 for reserved domains; ISO/IEC 7812 for card numbers (13 to 19 digits, the last by the Luhn formula).",
			Fix:     "Take it out.",
		},
		build: simple(checkContacts),
	},
}

func checkContacts(x *exam) {
	for i := range x.pieces {
		p := &x.pieces[i]
		if p.bytes&atByte != 0 {
			checkEmails(x, p)
		}
		if p.bytes&digitByte == 0 || len(p.text) < 7 {
			continue
		}
		for from := 0; ; {
			r := nextDigits(p.text, from)
			if r.end == 0 {
				break
			}
			from = r.end
			switch s := x.within(p, r.start, r.end); {
			case isCard(p.text, &r):
				x.report(s, "The text holds what looks like the number of a payment card; take it out.")
			case !isPhone(p.text, &r):
			case fictional(p.text, &r):
				x.reportAs(Warning, s, "The text holds a telephone number, if one that nobody has; take it out, or the model learns to give numbers.")
			default:
				x.report(s, "The text holds what looks like a telephone number; take it out.")
			}
		}
		checkAddresses(x, p)
	}
}

func checkEmails(x *exam, p *piece) {
	for from := 0; ; {
		start, end := nextEmail(p.text, from)
		if end == 0 {
			return
		}
		from = end
		domain := p.text[start+strings.IndexByte(p.text[start:end], '@')+1 : end]
		if reservedDomain(strings.ToLower(domain)) {
			x.reportAs(Warning, x.within(p, start, end), "The text holds an e-mail address, if one that nobody has; take it out, or the model learns to give addresses.")
		} else {
			x.report(x.within(p, start, end), "The text holds an e-mail address; take it out.")
		}
	}
}

// nextEmail finds the first e-mail address in s from byte from on. End is 0
// where there is none.
func nextEmail(s string, from int) (start, end int) {
	for {
		i := strings.IndexByte(s[from:], '@')
		if i < 0 {
			return 0, 0
		}
		i += from
		start, end = i, i+1
		for start > from && (isLetter(s[start-1]) || isDigit(s[start-1]) || strings.IndexByte("._%+-", s[start-1]) >= 0) {
			start--
		}
		for end < len(s) && (isLetter(s[end]) || isDigit(s[end]) || s[end] == '.' || s[end] == '-') {
			end++
		}
		from = end
		domain := strings.TrimRight(s[i+1:end], ".-")
		end = i + 1 + len(domain)
		dot := strings.LastIndexByte(domain, '.')
		if start == i || dot < 1 || len(domain)-dot < 3 || !isLetter(domain[dot+1]) || !isLetter(domain[len(domain)-1]) {
			continue
		}
		return start, end
	}
}

// reservedDomain reports whether nobody can own the domain (RFC 2606), or
// whether it only says where to put one's own.
func reservedDomain(d string) bool {
	for _, r := range [...]string{"example.com", "example.org", "example.net", "yourdomain.com"} {
		if d == r || strings.HasSuffix(d, "."+r) {
			return true
		}
	}
	for _, r := range [...]string{".example", ".test", ".invalid", ".localhost"} {
		if strings.HasSuffix(d, r) {
			return true
		}
	}
	return false
}

// A digitRun is a row of digits that may be broken up by blanks, hyphens, dots
// and brackets.
type digitRun struct {
	start, end int
	digits     int
	groups     [8]int // sizes, the first eight
	count      int    // of groups
	plus       bool   // a plus sign comes first
	hyphens    bool   // some groups are parted by hyphens or dots
	blanks     bool
	dots       bool
	bracket    bool // a group stands in round brackets
}

// nextDigits finds the first run of seven digits or more from byte from on, not
// part of a longer word. Its end is 0 where there is none.
func nextDigits(s string, from int) digitRun {
	for i := from; i < len(s); {
		if !isDigit(s[i]) {
			i++
			continue
		}
		r := digitRun{start: i}
		if i > 0 && s[i-1] == '(' {
			r.start, r.bracket = i-1, true
		}
		if r.start > 0 && s[r.start-1] == '+' {
			r.start--
			r.plus = true
		}
		for {
			size := 0
			for i < len(s) && isDigit(s[i]) {
				i++
				size++
			}
			r.digits += size
			if r.count < len(r.groups) {
				r.groups[r.count] = size
			}
			r.count++
			next := i
			for next < len(s) && next < i+2 && strings.IndexByte(" -.()", s[next]) >= 0 {
				next++
			}
			if next == i || next >= len(s) || !isDigit(s[next]) {
				break
			}
			gap := s[i:next]
			r.hyphens = r.hyphens || strings.IndexByte(gap, '-') >= 0
			r.dots = r.dots || strings.IndexByte(gap, '.') >= 0
			r.blanks = r.blanks || strings.IndexByte(gap, ' ') >= 0
			r.bracket = r.bracket || strings.ContainsAny(gap, "()")
			i = next
		}
		r.end = i
		before := r.start > 0 && (isWord(s[r.start-1]) || strings.IndexByte("-./:#$", s[r.start-1]) >= 0)
		after := i < len(s) && (isWord(s[i]) || strings.IndexByte("-/:%", s[i]) >= 0 && i+1 < len(s) && isWord(s[i+1]))
		if r.digits >= 7 && !before && !after {
			return r
		}
	}
	return digitRun{}
}

// phoneCues come before a telephone number.
var phoneCues = newPhrases("call*", "phone*", "text me*", "tel", "telephone", "mobile", "cell", "whatsapp", "reach me", "fax", "my number", "contact")

// isPhone reports whether r is written as telephone numbers are: with a plus
// sign, as 3-3-4 digits, or some other way where the words before say so.
func isPhone(s string, r *digitRun) bool {
	if r.plus {
		return 8 <= r.digits && r.digits <= 15
	}
	g := r.groups[:min(r.count, len(r.groups))]
	if len(g) == 4 && g[0] == 1 {
		g = g[1:]
	}
	american := len(g) == 3 && g[0] == 3 && g[1] == 3 && g[2] == 4
	if american && (r.hyphens || r.dots || r.bracket) {
		return true
	}
	if r.digits > 15 || r.count > 5 {
		return false
	}
	cue := s[max(0, r.start-24):r.start]
	return (american || r.digits >= 10 || r.hyphens && r.digits >= 7) && phoneCues.in(cue)
}

// fictional reports whether the number is one of those that no one can have:
// 555-0100 to 555-0199.
func fictional(s string, r *digitRun) bool {
	var d []byte
	for i := r.start; i < r.end; i++ {
		if isDigit(s[i]) {
			d = append(d, s[i])
		}
	}
	return len(d) >= 7 && string(d[len(d)-7:len(d)-2]) == "55501"
}

// isCard reports whether r is written as card numbers are and has their check
// digit.
func isCard(s string, r *digitRun) bool {
	if r.digits < 13 || r.digits > 19 || r.plus || r.bracket || r.dots {
		return false
	}
	switch {
	case r.count == 1:
	case r.count <= len(r.groups) && cardGroups(r.groups[:r.count]):
	default:
		return false
	}
	var sum, at int
	first, same := s[r.start], true
	for i := r.end - 1; i >= r.start; i-- {
		if !isDigit(s[i]) {
			continue
		}
		d := int(s[i] - '0')
		same = same && s[i] == first
		if at%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		at++
	}
	return sum%10 == 0 && !same && '2' <= first && first <= '6'
}

// cardGroups reports whether digits are grouped 4-4-4-4 or 4-6-5.
func cardGroups(g []int) bool {
	if len(g) == 3 {
		return g[0] == 4 && g[1] == 6 && g[2] == 5
	}
	for i, n := range g {
		if n != 4 && (i < len(g)-1 || n > 4) {
			return false
		}
	}
	return len(g) >= 4
}

// streets end the name of a street. The second word of each pair says whether
// it means other things too, so that more must speak for an address.
var streets = map[string]bool{
	"street": false, "avenue": false, "boulevard": false, "blvd": false, "ave": false, "road": false, "rd": false, "terrace": false, "highway": false,
	"st": true, "lane": true, "ln": true, "drive": true, "dr": true, "court": true, "ct": true, "way": true, "place": true, "pl": true, "square": true,
}

// checkAddresses looks for a house number, one to three capitalised words and a
// word for a street.
func checkAddresses(x *exam, p *piece) {
	s := p.text
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			continue
		}
		start := i
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		if start > 0 && (isWord(s[start-1]) || strings.IndexByte(".:,/-$#+", s[start-1]) >= 0) || i-start > 5 || i >= len(s) {
			continue
		}
		at := i
		if s[at]|0x20 >= 'a' && s[at]|0x20 <= 'd' && at+1 < len(s) && s[at+1] == ' ' {
			at++ // 221B
		}
		if s[at] != ' ' {
			continue
		}
		for words := 0; words <= 3; words++ {
			at++ // the blank
			from := at
			for at < len(s) && (isLetter(s[at]) || s[at] == '\'' && words < 3) {
				at++
			}
			word := s[from:at]
			if len(word) < 2 || word[0] < 'A' || word[0] > 'Z' {
				break
			}
			doubtful, street := streets[strings.ToLower(word)]
			if street && words > 0 && (!doubtful || endsAddress(s[at:])) {
				x.reportAs(Warning, x.within(p, start, at), fmt.Sprintf("%s looks like somebody's address; take it out if it is.", quoted(s[start:at])))
				break
			}
			if at >= len(s) || s[at] != ' ' {
				break
			}
		}
	}
}

// endsAddress reports whether what follows looks as it does after an address: a
// comma and a capitalised word or a number.
func endsAddress(rest string) bool {
	rest = strings.TrimPrefix(rest, ".")
	after, ok := strings.CutPrefix(rest, ", ")
	return ok && after != "" && ('A' <= after[0] && after[0] <= 'Z' || isDigit(after[0]))
}
