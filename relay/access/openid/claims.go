package openid

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/connector-relay/relay/relay/access"
)

// Identity is who somebody is, by the issuer's word.
type Identity struct {
	// Name is as [access.CleanName] leaves it.
	Name   string
	Groups []string
}

// Bounds on the groups that are kept of one person.
const (
	mostGroups = 2000
	mostGroup  = 300
)

// claims are what an issuer says of somebody.
type claims map[string]any

// fill adds what another answer says, where this one says nothing.
func (c claims) fill(more claims) {
	for name, value := range more {
		if c[name] == nil {
			c[name] = value
		}
	}
}

func (c claims) identity(s Settings) (Identity, error) {
	text, _ := c[s.NameClaim].(string)
	name, ok := access.CleanName(text)
	switch {
	case text == "":
		return Identity{}, fmt.Errorf("the issuer does not say who you are: there is no claim %q. Have it add that claim to the ID token, or set name_claim to one of those that there are: %s", s.NameClaim, strings.Join(c.names(), ", "))
	case !ok:
		return Identity{}, fmt.Errorf("what the issuer says in the claim %q cannot be anybody's name; set name_claim to one that holds mail addresses", s.NameClaim)
	case strings.Contains(name, "@") && (isFalse(c["email_verified"]) || isFalse(c["xms_edov"])):
		return Identity{}, errors.New("the issuer has not verified your mail address, so it may be anybody's; verify it there, and sign in again")
	}
	groups, err := c.groups(s.GroupsClaim)
	return Identity{Name: name, Groups: groups}, err
}

// groups reads the groups. Entra ID leaves them out when there are too many for a token,
// and says so.
func (c claims) groups(claim string) ([]string, error) {
	elsewhere, _ := c["_claim_names"].(map[string]any)
	if c[claim] == nil && (elsewhere[claim] != nil || isTrue(c["hasgroups"])) {
		return nil, fmt.Errorf("you are in more groups than the issuer puts into a token. In Entra ID, open the relay's app registration, Token configuration, and let the claim %q hold only the groups assigned to the application; or use app roles, with groups_claim = \"roles\"", claim)
	}
	var groups []string
	switch value := c[claim].(type) {
	case nil:
	case string:
		groups = []string{value}
	case []any:
		for _, one := range value {
			if g, ok := one.(string); ok && len(g) <= mostGroup {
				groups = append(groups, g)
			}
		}
	default:
		return nil, fmt.Errorf("the claim %q is no list of groups; set groups_claim to one that is", claim)
	}
	if len(groups) > mostGroups {
		return nil, fmt.Errorf("you are in more than %d groups; have the issuer put only those into the token that the relay's configuration names", mostGroups)
	}
	slices.Sort(groups)
	return slices.Compact(groups), nil
}

// names returns the names of claims that hold texts, for a person to choose from.
func (c claims) names() []string {
	protocol := []string{"iss", "aud", "nonce", "at_hash", "c_hash", "azp", "sid", "jti", "acr", "ver", "rh", "aio", "uti"}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if _, ok := c[name].(string); ok && !slices.Contains(protocol, name) {
			names = append(names, name)
		}
	}
	return names
}

// isFalse reports whether a claim is there and says no. Some issuers write it as text.
func isFalse(v any) bool {
	return v == false || v == "false" || v == "0" || v == float64(0)
}

func isTrue(v any) bool { return v == true || v == "true" }

// same compares secrets.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
