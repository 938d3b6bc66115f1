package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

const (
	minPasswordRunes = 10
	maxPasswordBytes = 1024
	saltBytes        = 16
	keyBytes         = 32
	paramsFormat     = "m=%d,t=%d,p=%d"
)

// argonParams are what a hash costs. They are written into each hash, so they
// can be raised here: a hash with others is made anew at the next sign-in.
type argonParams struct {
	memory  uint32 // KiB
	time    uint32 // passes
	threads uint8
}

// currentParams is the floor OWASP's password storage cheat sheet gives for
// argon2id: 19 MiB, two passes, one lane.
func currentParams() argonParams { return argonParams{memory: 19456, time: 2, threads: 1} }

func (p argonParams) key(password string, salt []byte, n uint32) []byte {
	// The same letters typed on two systems may arrive composed or not.
	return argon2.IDKey(norm.NFC.AppendString(nil, password), salt, p.time, p.memory, p.threads, n)
}

// hashPassword returns the argon2id hash of the password as a PHC string. It
// waits while as many are being hashed as may be at once, and gives up with ctx.
func (s *Service) hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails: it ends the program instead
	p := currentParams()
	key, err := s.derive(ctx, p, password, salt, keyBytes)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	enc := base64.RawStdEncoding.EncodeToString
	params := fmt.Sprintf(paramsFormat, p.memory, p.time, p.threads)
	return fmt.Sprintf("$argon2id$v=%d$%s$%s$%s", argon2.Version, params, enc(salt), enc(key)), nil
}

// checkPassword says whether the password is the one that was hashed, and
// whether the hash should be made anew with today's parameters. An empty hash,
// that of a user who is not there, takes as long as any and matches nothing.
func (s *Service) checkPassword(ctx context.Context, hash, password string) (ok, stale bool, err error) {
	if len(password) > maxPasswordBytes {
		return false, false, nil // none was ever accepted
	}
	if hash == "" {
		_, err := s.derive(ctx, currentParams(), password, make([]byte, saltBytes), keyBytes)
		return false, false, err
	}
	p, salt, want, err := parsePHC(hash)
	if err != nil {
		return false, false, fmt.Errorf("read stored password hash: %w", err)
	}
	got, err := s.derive(ctx, p, password, salt, uint32(len(want)))
	if err != nil {
		return false, false, fmt.Errorf("check password: %w", err)
	}
	stale = p != currentParams() || len(salt) != saltBytes || len(want) != keyBytes
	return subtle.ConstantTimeCompare(got, want) == 1, stale, nil
}

func (s *Service) derive(ctx context.Context, p argonParams, password string, salt []byte, n uint32) ([]byte, error) {
	select {
	case s.hashing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.hashing }()
	return p.key(password, salt, n), nil
}

// parsePHC reads $argon2id$v=19$m=…,t=…,p=…$salt$key. It refuses parameters that
// would panic or take the machine down: the string comes from the database, but
// so may a mistake.
func parsePHC(s string) (p argonParams, salt, key []byte, err error) {
	malformed := errors.New("it is not an argon2id PHC string that this program knows")
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, malformed
	}
	_, err = fmt.Sscanf(parts[3], paramsFormat, &p.memory, &p.time, &p.threads)
	if err != nil || fmt.Sprintf(paramsFormat, p.memory, p.time, p.threads) != parts[3] ||
		p.memory < 8 || p.memory > 1<<20 || p.time < 1 || p.time > 64 || p.threads < 1 || p.threads > 64 {
		return p, nil, nil, malformed
	}
	salt, serr := base64.RawStdEncoding.DecodeString(parts[4])
	key, kerr := base64.RawStdEncoding.DecodeString(parts[5])
	if serr != nil || kerr != nil || len(salt) < 8 || len(key) < 16 || len(key) > 64 {
		return p, nil, nil, malformed
	}
	return p, salt, key, nil
}

// common holds words and passwords that everybody tries first, in lower case,
// separated by white space.
//
//go:embed common.txt
var common string

// passwordProblem returns what is wrong with a new password, as a sentence for
// the form, or nothing. There are no rules about kinds of characters: they make
// passwords harder to remember and not harder to guess.
func passwordProblem(password, email, name string) string {
	lower := strings.ToLower(password)
	local, _, _ := strings.Cut(email, "@")
	switch {
	case !utf8.ValidString(password):
		return "The password has bytes that are not text. Type it anew."
	case len(password) > maxPasswordBytes:
		return fmt.Sprintf("Use at most %d bytes.", maxPasswordBytes)
	case utf8.RuneCountInString(password) < minPasswordRunes:
		return fmt.Sprintf("Use at least %d characters, for example four words that do not belong together.", minPasswordRunes)
	case isOneOf(lower, email, local, name, strings.ReplaceAll(name, " ", "")):
		return "The password must not be your address or your name."
	case isCommon(lower):
		return "This is among the first passwords anybody would try. Use for example four words that do not belong together."
	}
	return ""
}

// isOneOf says whether the password is one of the words, a few digits or marks
// around it aside.
func isOneOf(lower string, words ...string) bool {
	core, _ := splitCore(lower)
	for _, w := range words {
		if w = strings.ToLower(w); w != "" && (w == lower || w == core) {
			return true
		}
	}
	return false
}

// isCommon says whether a password, in lower case, is in the list, or a word of
// the list with the usual decoration ("P@ssw0rd2024!"), a row of the keyboard or
// the alphabet, or a short piece repeated.
func isCommon(lower string) bool {
	words := strings.Fields(common)
	listed := func(s string) bool {
		return slices.Contains(words, s) || slices.Contains(words, plain(s))
	}
	if listed(lower) || isRow(lower) || isRepeated(lower) {
		return true
	}
	core, around := splitCore(lower)
	// In "$unshine2024" the first mark is a letter, and not around the word.
	if listed(core) || listed(strings.TrimRightFunc(lower, notLetter)) {
		return len(around) <= 6 || isRow(around) || isRepeated(around)
	}
	return false
}

// splitCore returns what is left of s without the digits and marks at its ends,
// and these.
func splitCore(s string) (core, around string) {
	core = strings.TrimFunc(s, notLetter)
	at := strings.Index(s, core)
	return core, s[:at] + s[at+len(core):]
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) }

// plain undoes the usual ways of writing letters as digits and marks.
func plain(s string) string {
	return strings.NewReplacer("0", "o", "1", "i", "!", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t").Replace(s)
}

// isRow says whether s runs along a row of the keyboard or the alphabet, either
// way, once or more.
func isRow(s string) bool {
	for _, row := range []string{
		"1234567890", "0123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm",
		"qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "1q2w3e4r5t6y7u8i9o0p",
	} {
		for _, r := range []string{row, reverse(row)} {
			if strings.Contains(strings.Repeat(r, 2+len(s)/len(r)), s) {
				return true
			}
		}
	}
	return false
}

func reverse(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// isRepeated says whether s is one piece of at most four characters, again and
// again, the last time perhaps cut short.
func isRepeated(s string) bool {
	runes := []rune(s)
	for n := 1; n <= 4 && 2*n <= len(runes); n++ {
		same := true
		for i := n; i < len(runes) && same; i++ {
			same = runes[i] == runes[i-n]
		}
		if same {
			return true
		}
	}
	return false
}
