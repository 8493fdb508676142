// Command acme is Pebble, Let's Encrypt's authority for tests, with a name server that
// sends every name to this machine. It validates for real, at the ports that it is given,
// and prints where its directory is and, in PEM, the root of what it issues.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/letsencrypt/challtestsrv"
	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
)

func main() {
	tlsPort, httpPort := flag.Int("tls", 0, "where to validate by TLS-ALPN-01"), flag.Int("http", 0, "where to validate by HTTP-01")
	cert, key := flag.String("cert", "", "the server's own certificate"), flag.String("key", "", "its key")
	names := flag.String("names", "", "the name server's address")
	flag.Parse()
	_ = os.Setenv("PEBBLE_VA_NOSLEEP", "1") // it would wait to make clients patient
	logger := log.New(os.Stderr, "acme ", log.LstdFlags)
	server, err := challtestsrv.New(challtestsrv.Config{DNSAddrs: []string{*names}, Log: logger})
	if err != nil {
		logger.Fatal(err)
	}
	server.SetDefaultDNSIPv4("127.0.0.1")
	server.SetDefaultDNSIPv6("")
	go server.Run()
	store := db.NewMemoryStore()
	authority := ca.New(logger, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default", ValidityPeriod: 86400}})
	validator := va.New(logger, *httpPort, *tlsPort, false, *names, store)
	front := wfe.New(logger, store, validator, authority, []string{"acme.test"}, false, false, 1, 1)
	n, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		logger.Fatal(err)
	}
	b, _ := json.Marshal(map[string]string{"directory": fmt.Sprintf("https://%s%s", n.Addr(), wfe.DirectoryPath), "root": string(authority.GetRootCert(0).PEM())})
	fmt.Println(string(b))
	logger.Fatal(http.ServeTLS(n, front.Handler(), *cert, *key))
}
