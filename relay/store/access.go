package store

import (
	"context"
	"crypto/sha256"
	"time"
)

// Access is what package access needs: who is signed in, who may ask with a token, and
// who did what.
type Access interface {
	// SaveSession stores a session; one with the same hash is replaced. A person's oldest
	// sessions end when there are more than [MaxSessions].
	SaveSession(ctx context.Context, s Session) error
	// Session returns a session, also one that has expired and is not swept yet. It fails
	// with [ErrNotFound] when there is none.
	Session(ctx context.Context, hash Hash) (Session, error)
	// SaveSessionUse keeps when sessions were last used; the latest time counts. Sessions
	// that have ended are passed over.
	SaveSessionUse(ctx context.Context, used map[Hash]time.Time) error
	// EndSession ends a session; when there is none it does nothing.
	EndSession(ctx context.Context, hash Hash) error
	// EndSessions ends all sessions of a person and returns how many there were.
	EndSessions(ctx context.Context, person string) (int, error)

	// SavePerson stores what a sign-in said of somebody, in place of what the last one said.
	SavePerson(ctx context.Context, p Person) error
	// Person returns what the last sign-in said. It fails with [ErrNotFound] when the
	// person has never signed in.
	Person(ctx context.Context, name string) (Person, error)
	// People returns everybody who has signed in, by name.
	People(ctx context.Context) ([]Person, error)

	// AddAPIToken stores a new token. It fails with [ErrTaken] when the person has one of
	// this name.
	AddAPIToken(ctx context.Context, t APIToken) error
	// APIToken returns a token by its hash, also one that has expired and is not swept yet.
	// It fails with [ErrNotFound] when there is none.
	APIToken(ctx context.Context, hash Hash) (APIToken, error)
	// APITokens lists tokens by person and name: those of one person or, without a name, of
	// everybody.
	APITokens(ctx context.Context, person string) ([]APIToken, error)
	// RevokeAPIToken removes a token. It fails with [ErrNotFound] when there is none.
	RevokeAPIToken(ctx context.Context, person, name string) error
	// SaveAPITokenUse keeps when tokens were last used; the latest time counts. Tokens that
	// have been revoked are passed over.
	SaveAPITokenUse(ctx context.Context, used map[Hash]time.Time) error

	// Audit appends an entry to the audit log; the store gives it its ID.
	Audit(ctx context.Context, e AuditEntry) error
	// AuditLog lists entries, newest first.
	AuditLog(ctx context.Context, f AuditFilter) ([]AuditEntry, error)
}

// Hash is the SHA-256 of a secret that a person or a program shows. The store never has
// the secret itself.
type Hash [sha256.Size]byte

// Session is one sign-in that lasts.
type Session struct {
	// Hash is of the token in the cookie.
	Hash    Hash
	Person  string
	Created time.Time
	// Used is when it was last used; zero when it never was.
	Used    time.Time
	Expires time.Time
	// Proof says how she proved who she is. It changes when that proof is no longer valid.
	Proof string
}

// Person is somebody who has signed in.
type Person struct {
	// Name is the mail address.
	Name string
	// Groups and Role are as they were at the last sign-in.
	Groups   []string
	Role     string
	SignedIn time.Time
}

// APIToken lets a program act as the person who made it.
type APIToken struct {
	Hash   Hash
	Person string
	// Name tells a person's tokens apart.
	Name    string
	Scopes  []string
	Created time.Time
	// Expires is when it stops working; zero means never.
	Expires time.Time
	// Used is when it was last used; zero when it never was.
	Used time.Time
}

// AuditEntry says who did what.
type AuditEntry struct {
	ID   int64
	Time time.Time
	// Who is the person, and Via how she came, such as "session" or "token ci".
	Who string
	Via string
	// Action is what was done, such as "replay", and Subject to what, such as "channel ops".
	Action  string
	Subject string
	// Outcome is what became of it, such as "done" or "refused".
	Outcome string
	// Detail is a line for people. It holds no secrets.
	Detail string
}

// AuditFilter narrows the audit log. Zero fields do not narrow.
type AuditFilter struct {
	Who     string
	Subject string
	// Before lists only entries with a smaller ID: the page after.
	Before int64
	// Limit is at most this many; 0 means [DefaultLimit].
	Limit int
}

// The bounds of what is kept about people.
const (
	// KeepAudit is how long an entry of the audit log is kept at least, as long as there
	// are not more than MaxAudit.
	KeepAudit = 400 * 24 * time.Hour
	// MaxAudit is how many entries a sweep leaves: the last ones.
	MaxAudit = 500_000
	// KeepExpired is how long a token is still listed after it has expired.
	KeepExpired = 30 * 24 * time.Hour
	// MaxSessions and MaxAPITokens are how many of each a person may have; whoever adds a
	// token sees to that.
	MaxSessions  = 50
	MaxAPITokens = 50
)
