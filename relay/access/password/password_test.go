package password

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func matches(t *testing.T, h Hash, text string) bool {
	t.Helper()
	ok, err := NewChecker().Check(t.Context(), h, text)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

// TestParseReadsOthersHashes has hashes that Debian's argon2 command printed.
func TestParseReadsOthersHashes(t *testing.T) {
	for _, hash := range []string{
		"$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$A9CMYpdlNbnPW7O8ckk3RY6xYef42vnotdD2gFDW50E",
		"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$/HetJC6LZ4lnwgLB+wJSS2a9bFu2Kq4HxwNWzoJq2qU",
		"$argon2id$v=19$m=47104,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$NFKkAp74zXgsPsTiYQ3++0h4m2+On5sPP/yWz4dxd9LN1aFRWqCl/bCU1p5D7kI8apI3UJbC0c1+aEVLYCXx1w",
	} {
		h, err := Parse(hash)
		if err != nil || h.String() != hash {
			t.Fatalf("%s is read as %s, %v", hash, h, err)
		}
		for text, want := range map[string]bool{"correct horse battery": true, "correct horse batterY": false, "": false} {
			if got := matches(t, h, text); got != want {
				t.Errorf("%s matches %q: %t", hash, text, got)
			}
		}
		if matches(t, h.Decoy(), "correct horse battery") {
			t.Errorf("the decoy of %s matches", hash)
		}
	}
}

func TestNewHashMatchesItsPasswordOnly(t *testing.T) {
	made, err := New("crème brûlée et café")
	if err != nil {
		t.Fatal(err)
	}
	h, err := Parse(made.String())
	if err != nil {
		t.Fatal(err)
	}
	if !matches(t, h, "cre\u0300me bru\u0302le\u0301e et cafe\u0301") {
		t.Error("the same characters from another keyboard do not match")
	}
	for _, text := range []string{"creme brulee et cafe", "", strings.Repeat("x", Longest+1)} {
		if matches(t, h, text) {
			t.Errorf("%q matches", text)
		}
	}
	if matches(t, Hash{}, "") || matches(t, Hash{}.Decoy(), "") {
		t.Error("no password matches")
	}
}

func TestNewRefusesPasswordsThatAreGuessed(t *testing.T) {
	for text, says := range map[string]string{"short": "at least 12 characters", strings.Repeat("x", Longest+1): "at most"} {
		if _, err := New(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("a password of %d bytes: %v", len(text), err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	const salt, key = "c29tZXNhbHRzb21lc2FsdA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, c := range []struct{ hash, says string }{
		{"", "not an argon2id hash"},
		{"secret-canary", "not an argon2id hash"},
		{"$2y$10$abcdefghijklmnopqrstuv", "not an argon2id hash"},
		{"$argon2i$v=19$m=65536,t=3,p=4$" + salt + "$" + key, "not an argon2id hash"},
		{"$argon2id$v=16$m=65536,t=3,p=4$" + salt + "$" + key, "version 19"},
		{"$argon2id$v=19$m=65536,t=3$" + salt + "$" + key, "costs"},
		{"$argon2id$v=19$m=65536,t=3,p=4,x=1$" + salt + "$" + key, "costs"},
		{"$argon2id$v=19$m=-1,t=3,p=4$" + salt + "$" + key, "costs"},
		{"$argon2id$v=19$m=99999999999,t=3,p=4$" + salt + "$" + key, "costs"},
		{"$argon2id$v=19$m=64,t=3,p=4$" + salt + "$" + key, "too quickly guessed"},
		{"$argon2id$v=19$m=65536,t=0,p=4$" + salt + "$" + key, "too quickly guessed"},
		{"$argon2id$v=19$m=65536,t=3,p=0$" + salt + "$" + key, "too quickly guessed"},
		{"$argon2id$v=19$m=4194304,t=1,p=1$" + salt + "$" + key, "costs too much"},
		{"$argon2id$v=19$m=65536,t=4294967295,p=1$" + salt + "$" + key, "costs too much"},
		{"$argon2id$v=19$m=65536,t=3,p=255$" + salt + "$" + key, "costs too much"},
		{"$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$" + key, "its salt"},
		{"$argon2id$v=19$m=65536,t=3,p=4$" + salt + "$" + key + "\n", "its last part"},
		{"$argon2id$v=19$m=65536,t=3,p=4$" + salt + "$" + strings.Repeat("A", 400), "its last part"},
	} {
		_, err := Parse(c.hash)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", c.hash, err)
		}
	}
}

func TestCheckWaitsForItsTurn(t *testing.T) {
	c := NewChecker()
	if err := c.turns.Acquire(t.Context(), mostAtOnce); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Check(ctx, Hash{}.Decoy(), "somebody's password"); !errors.Is(err, context.Canceled) {
		t.Errorf("without a turn: %v", err)
	}
	if !c.queue.TryAcquire(mostAtOnce + mostWaiting) {
		t.Fatal("a check that has given up still waits")
	}
	if _, err := c.Check(t.Context(), Hash{}.Decoy(), "somebody's password"); !errors.Is(err, ErrBusy) {
		t.Errorf("with too many waiting: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := Parse(text)
		if err != nil {
			return
		}
		if h.String() != text || h.memory > mostKiB || uint64(h.memory)*uint64(h.passes) > mostWork || h.lanes > mostLanes {
			t.Errorf("%q is read as %s", text, h)
		}
	})
}
