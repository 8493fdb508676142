// Command issuer is zitadel's OpenID Connect provider, as its own examples set it up, with
// users and groups from a file. It prints its address.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// grouped is the examples' storage, with the groups that are in the file now.
type grouped struct {
	*storage.Storage
	users string
}

func (g grouped) groups(subject string) []string {
	var users map[string]struct{ Groups []string }
	b, err := os.ReadFile(g.users)
	if err == nil {
		err = json.Unmarshal(b, &users)
	}
	if err != nil {
		log.Print(err)
	}
	return users[subject].Groups
}

// SetUserinfoFromRequest says what an ID token says.
func (g grouped) SetUserinfoFromRequest(ctx context.Context, info *oidc.UserInfo, r op.IDTokenRequest, scopes []string) error {
	if err := g.Storage.SetUserinfoFromRequest(ctx, info, r, scopes); err != nil {
		return err
	}
	info.AppendClaims("groups", g.groups(r.GetSubject()))
	return nil
}

// SetUserinfoFromToken says what the userinfo endpoint says.
func (g grouped) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, id, subject, origin string) error {
	if err := g.Storage.SetUserinfoFromToken(ctx, info, id, subject, origin); err != nil {
		return err
	}
	info.AppendClaims("groups", g.groups(subject))
	return nil
}

func main() {
	users, back := flag.String("users", "", "a JSON file of users by their IDs, with their groups"), flag.String("redirect", "", "where sign-ins come back to")
	address := flag.String("listen", "127.0.0.1:0", "the address")
	flag.Parse()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	store, err := storage.StoreFromFile(*users)
	if err != nil {
		log.Fatal(err)
	}
	storage.RegisterClients(storage.WebClient("relay", "canary-client-secret", *back))
	n, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	issuer := fmt.Sprintf("http://%s", n.Addr())
	fmt.Println(issuer)
	log.Fatal(http.Serve(n, exampleop.SetupServer(issuer, grouped{storage.NewStorage(store), *users}, slog.Default(), false)))
}
