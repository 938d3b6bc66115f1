package stat

import (
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// NGrams says how varied the n-grams of documents are.
type NGrams struct {
	Total, Types int
	Distinct     float64 // Types over Total; falls with the size of the text: compare equal sizes
	Entropy      float64 // bits
	Normalised   float64 // Entropy over that of equally frequent types
}

// NGramsOf counts the n-grams of tokenised documents; none spans two documents.
func NGramsOf(docs [][]string, n int) NGrams {
	counts := map[string]int{}
	var g NGrams
	for _, doc := range docs {
		for key, c := range grams(doc, n) {
			counts[key] += c
			g.Total += c
		}
	}
	g.Types = len(counts)
	// In order of size, so that the same text always adds up to the same figure.
	sizes := make([]int, 0, len(counts))
	for _, c := range counts {
		sizes = append(sizes, c)
	}
	slices.Sort(sizes)
	for _, c := range sizes {
		p := float64(c) / float64(g.Total)
		g.Entropy -= p * math.Log2(p)
	}
	g.Distinct = float64(g.Types) / float64(g.Total)
	g.Normalised = g.Entropy / math.Log2(float64(g.Types))
	return g
}

// grams counts the n-grams of one document. A zero byte keeps words apart: tokens do
// not hold one.
func grams(doc []string, n int) map[string]int {
	out := make(map[string]int, len(doc))
	for i := 0; i+n <= len(doc); i++ {
		out[strings.Join(doc[i:i+n], "\x00")]++
	}
	return out
}

// SelfBLEU is, for each document, how much of it can be put together from the n-grams
// of the others: BLEU up to n-grams of the given length with uniform weights, the
// closest reference length and no smoothing (Zhu et al. 2018, Texygen). Its cost grows
// with the square of the documents: sample a thousand.
func SelfBLEU(docs [][]string, n int) []float64 {
	counted := make([][]map[string]int, len(docs)) // by document and order
	for i, doc := range docs {
		for order := 1; order <= n; order++ {
			counted[i] = append(counted[i], grams(doc, order))
		}
	}
	out := make([]float64, len(docs))
	for i, doc := range docs {
		out[i] = bleu(i, len(doc), docs, counted)
	}
	return out
}

func bleu(i, length int, docs [][]string, counted [][]map[string]int) float64 {
	var logs float64
	for order, mine := range counted[i] {
		total, matched := 0, 0
		for key, c := range mine {
			total += c
			best := 0 // no reference counts it more often
			for j := range counted {
				if j != i {
					best = max(best, counted[j][order][key])
				}
			}
			matched += min(c, best)
		}
		if matched == 0 {
			return 0
		}
		logs += math.Log(float64(matched)/float64(total)) / float64(len(counted[i]))
	}
	closest := -1
	for j, ref := range docs {
		if j == i {
			continue
		}
		near, best := abs(len(ref)-length), abs(closest-length)
		if closest < 0 || near < best || near == best && len(ref) < closest {
			closest = len(ref)
		}
	}
	if length < closest {
		logs += 1 - float64(closest)/float64(length)
	}
	return math.Exp(logs)
}

func abs(n int) int { return max(n, -n) }

// Vendi is the effective number of different items among n (Friedman and Dieng 2023):
// the exponential of the entropy of the eigenvalues of their similarities over n.
// similar is symmetric, 1 for an item and itself. The cost grows with the cube of n:
// sample at most 2,000. NaN when the eigenvalues are not found.
func Vendi(n int, similar func(i, j int) float64) float64 {
	k := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			k.SetSym(i, j, similar(i, j)/float64(n))
		}
	}
	var e mat.EigenSym
	if !e.Factorize(k, false) {
		return math.NaN()
	}
	var h float64
	for _, v := range e.Values(nil) {
		if v > 1e-12 { // what is left of rounding may be below zero
			h -= v * math.Log(v)
		}
	}
	return math.Exp(h)
}

// Shingles are the distinct runs of n characters of a text: what SetJaccard compares.
func Shingles(text string, n int) map[string]struct{} {
	runes := []rune(text)
	out := make(map[string]struct{}, len(runes))
	for i := 0; i+n <= len(runes); i++ {
		out[string(runes[i:i+n])] = struct{}{}
	}
	return out
}

// SetJaccard is the share of what two sets have in common; 1 for two empty ones.
func SetJaccard(a, b map[string]struct{}) float64 {
	if len(a)+len(b) == 0 {
		return 1
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	both := 0
	for s := range a {
		if _, ok := b[s]; ok {
			both++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}
