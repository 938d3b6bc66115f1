// Package fault classifies errors and carries the sentence that may be shown
// to a person. It is mapped to HTTP statuses and exit codes in one place each;
// it knows neither.
package fault

import (
	"errors"
	"fmt"
)

// A Kind says what sort of failure an error is. It is itself an error, so
// errors.Is(err, fault.NotFound) works through any wrapping.
type Kind string

const (
	Invalid     Kind = "invalid"      // the request is malformed; fix it and retry
	NotFound    Kind = "not found"    // no such thing, or not visible to this user
	Conflict    Kind = "conflict"     // someone else changed it first; reload
	Forbidden   Kind = "forbidden"    // known user, not allowed
	Unknown     Kind = "unknown user" // not signed in, or the token is not valid
	TooMany     Kind = "too many"     // slow down and try again later
	TooLarge    Kind = "too large"    // over a documented limit
	Unavailable Kind = "unavailable"  // a dependency is down; try again later
)

func (k Kind) Error() string { return string(k) }

// Error is a classified failure. Msg is a sentence that says what to do and is
// safe to show; Err is for the log only.
type Error struct {
	Kind   Kind
	Msg    string
	Fields map[string]string // per-field messages, for forms; may be nil
	Err    error             // cause; may be nil
}

// New returns an Error of kind k whose message is formatted like fmt.Sprintf.
func New(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Msg: fmt.Sprintf(format, args...)}
}

// Wrap is New with a cause for the log.
func Wrap(k Kind, err error, format string, args ...any) *Error {
	return &Error{Kind: k, Msg: fmt.Sprintf(format, args...), Err: err}
}

// Fields returns an Invalid error for the named form fields.
func Fields(msg string, fields map[string]string) *Error {
	return &Error{Kind: Invalid, Msg: msg, Fields: fields}
}

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

// Unwrap lets errors.Is see both the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err != nil {
		return []error{e.Kind, e.Err}
	}
	return []error{e.Kind}
}

// As returns the first *Error in err's tree.
func As(err error) (*Error, bool) {
	return errors.AsType[*Error](err)
}
