package operator

import (
	"time"

	"github.com/connector-relay/relay/relay/access"
)

// Me is who asks, as the relay knows her.
type Me struct {
	Name   string         `json:"name"`
	Role   access.Role    `json:"role"`
	Teams  []string       `json:"teams"`
	Via    string         `json:"via"`
	Scopes []access.Scope `json:"scopes"`
}

// Token lets a program act as the person who made it, within its scopes.
type Token struct {
	Name string `json:"name"`
	// Person is who made it. It ends when she loses access.
	Person  string         `json:"person"`
	Scopes  []access.Scope `json:"scopes"`
	Created time.Time      `json:"created"`
	// Expires is zero for never, and Used for never yet.
	Expires time.Time `json:"expires,omitzero"`
	Used    time.Time `json:"used,omitzero"`
	// Secret is what the program shows. Only the answer to CreateToken has it.
	Secret string `json:"token,omitempty"`
}

// NewToken asks for a token.
type NewToken struct {
	Name    string         `json:"name"`
	Scopes  []access.Scope `json:"scopes"`
	Expires time.Time      `json:"expires,omitzero"`
}

// TokenRef names a token. Without a person, it is one of whoever asks.
type TokenRef struct {
	Name   string `json:"name"`
	Person string `json:"person,omitempty"`
}
