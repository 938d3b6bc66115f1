package release

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"github.com/voicefit/spotter/internal/fault"
)

// The types of PEM blocks, as openssl writes them.
const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
)

// NewKey makes a key to sign manifests with. It returns the private and the
// public part as PEM.
func NewKey() (private, public []byte, err error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make a key: %w", err)
	}
	a, errA := x509.MarshalPKCS8PrivateKey(key)
	b, errB := x509.MarshalPKIXPublicKey(pub)
	if err := errors.Join(errA, errB); err != nil {
		return nil, nil, fmt.Errorf("make a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: a}), pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: b}), nil
}

// ParseKey reads a private key as NewKey or `openssl genpkey -algorithm ed25519`
// writes it. An empty text is no key.
func ParseKey(text string) (ed25519.PrivateKey, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	block, _ := pem.Decode([]byte(text))
	if block != nil {
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if k, ok := key.(ed25519.PrivateKey); ok {
				return k, nil
			}
		}
	}
	return nil, fault.New(fault.Invalid, "The key for signing releases is not an Ed25519 private key in PEM. Make one with `spotter release key -o FILE`.")
}

// ParsePublicKey reads the public part: PEM, or base64 of its 32 bytes.
func ParsePublicKey(text string) (ed25519.PublicKey, error) {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		if key, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
			if k, ok := key.(ed25519.PublicKey); ok {
				return k, nil
			}
		}
	} else if b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err == nil && len(b) == ed25519.PublicKeySize {
		return b, nil
	}
	return nil, fault.New(fault.Invalid, "This is not an Ed25519 public key: neither PEM nor the base64 of 32 bytes.")
}
