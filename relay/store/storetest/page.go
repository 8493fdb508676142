package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/connector-relay/relay/relay/store"
)

// now is a time that every store keeps exactly.
func now() time.Time { return time.Now().Truncate(time.Microsecond) }

// saveBlock saves a block and returns it as stored.
func (s *suite) saveBlock(b store.Block, secrets map[string][]byte) store.Block {
	s.Helper()
	saved, err := s.store.SaveBlock(s.ctx(), b, secrets)
	s.ok(err, "save block")
	return saved
}

func (s *suite) blocks() {
	_, err := s.store.Block(s.ctx(), "ci")
	s.is(err, store.ErrNotFound, "a block before it is saved")
	before := now()
	first := s.saveBlock(store.Block{Name: "ci", HCL: "connector \"github\" \"ci\" {\n\x00ü}", Owner: "ada", Team: "platform", SavedBy: "ada"}, nil)
	if first.Saved.Before(before) || first.Saved.After(time.Now()) {
		s.Errorf("saved at %v, which is not now", first.Saved)
	}
	equal(s, first, store.Block{Name: "ci", HCL: "connector \"github\" \"ci\" {\n\x00ü}", Owner: "ada", Team: "platform", Revision: 1, Saved: first.Saved, SavedBy: "ada"}, "the block that was saved")
	other := s.saveBlock(store.Block{Name: "blog"}, nil)
	change := first
	change.HCL, change.Owner, change.SavedBy = "second", "bob", "bob"
	second := s.saveBlock(change, nil)
	equal(s, second.Revision, int64(2), "the revision after a change")
	got, err := s.store.Block(s.ctx(), "ci")
	s.ok(err, "block")
	equal(s, got, second, "the block")
	list, err := s.store.Blocks(s.ctx())
	s.ok(err, "blocks")
	equal(s, list, []store.Block{other, second}, "all blocks")

	for _, read := range []int64{0, 1, 3} {
		change.Revision = read
		_, err = s.store.SaveBlock(s.ctx(), change, map[string][]byte{"ci.token": {1}})
		s.is(err, store.ErrChanged, fmt.Sprint("save what was read at revision ", read))
		s.is(s.store.RemoveBlock(s.ctx(), "ci", read), store.ErrChanged, fmt.Sprint("remove what was read at revision ", read))
	}
	_, err = s.store.Secret(s.ctx(), "ci.token")
	s.is(err, store.ErrNotFound, "a secret of a block that was not saved")
	_, err = s.store.SaveBlock(s.ctx(), store.Block{Name: "new", Revision: 1}, nil)
	s.is(err, store.ErrChanged, "save what has been removed")
	s.ok(s.store.RemoveBlock(s.ctx(), "ci", 2), "remove block")
	s.is(s.store.RemoveBlock(s.ctx(), "ci", 2), store.ErrNotFound, "remove it again")
	list, err = s.store.Blocks(s.ctx())
	s.ok(err, "blocks")
	equal(s, list, []store.Block{other}, "the blocks that are left")
}

// concurrentBlocks has many save the same revision of a block at once, over and over.
func (s *suite) concurrentBlocks() {
	for revision := range int64(10) {
		var group sync.WaitGroup
		var won atomic.Int64
		for who := range int64(16) {
			group.Go(func() {
				b, err := s.store.SaveBlock(s.ctx(), store.Block{Name: "ci", HCL: fmt.Sprint(who), Revision: revision}, map[string][]byte{"ci.token": {byte(who)}})
				switch {
				case err == nil && b.Revision == revision+1:
					won.Add(1)
				case err == nil:
					s.Errorf("revision %d became %d", revision, b.Revision)
				default:
					s.is(err, store.ErrChanged, "save")
				}
			})
		}
		group.Wait()
		equal(s, won.Load(), int64(1), "how many could save one revision")
		b, err := s.store.Block(s.ctx(), "ci")
		s.ok(err, "block")
		secret, err := s.store.Secret(s.ctx(), "ci.token")
		s.ok(err, "secret")
		equal(s, b.HCL, fmt.Sprint(secret[0]), "whose block and whose secret there are")
	}
}

func (s *suite) secrets() {
	names := func() []string {
		s.Helper()
		list, err := s.store.Secrets(s.ctx())
		s.ok(err, "secrets")
		return list
	}
	equal(s, names(), nil, "before any is saved", cmpopts.EquateEmpty())
	block := s.saveBlock(store.Block{Name: "ci"}, map[string][]byte{"ci.token": {0, 255}, "ci.secret": []byte("b")})
	s.ok(s.store.SaveSecrets(s.ctx(), map[string][]byte{"blog.key": []byte("c"), "ci.secret": nil, "nobody.key": nil}), "save secrets")
	equal(s, names(), []string{"blog.key", "ci.token"}, "names")
	got, err := s.store.Secret(s.ctx(), "ci.token")
	s.ok(err, "secret")
	equal(s, got, []byte{0, 255}, "a secret")
	_, err = s.store.Secret(s.ctx(), "ci.secret")
	s.is(err, store.ErrNotFound, "a secret that was removed")
	s.saveBlock(block, map[string][]byte{"ci.token": []byte("new")})
	got, err = s.store.Secret(s.ctx(), "ci.token")
	s.ok(err, "secret")
	equal(s, string(got), "new", "a secret saved with its block")

	// They outlive the connector and the block, which may be in a file from now on.
	s.openConnector("ci", "rss")
	s.ok(s.store.MoveConnector(s.ctx(), "ci", "build", nil), "move connector")
	s.ok(s.store.ForgetConnector(s.ctx(), "build"), "forget connector")
	kept, err := s.store.Block(s.ctx(), "ci")
	s.ok(err, "the block of a connector that was forgotten")
	s.ok(s.store.RemoveBlock(s.ctx(), "ci", kept.Revision), "remove block")
	equal(s, names(), []string{"blog.key", "ci.token"}, "names without the block")
}

func (s *suite) pictures() {
	at := now()
	content := make([]byte, 100_000)
	content[99_999] = 1
	old := store.Picture{ID: "1", Type: "image/png", Content: content, Size: len(content), Owner: "ada", Created: at}
	young := store.Picture{ID: "2", Type: "image/gif", Content: []byte{1}, Size: 1, Owner: "ada", Created: at.Add(time.Second)}
	other := store.Picture{ID: "3", Type: "image/png", Content: []byte{2}, Size: 1, Owner: "bob", Created: at.Add(time.Minute)}
	for _, p := range []store.Picture{old, young, other} {
		s.ok(s.store.SavePicture(s.ctx(), p), "save picture")
	}
	s.is(s.store.SavePicture(s.ctx(), store.Picture{ID: "1", Content: []byte{3}}), store.ErrTaken, "save under an ID that is in use")
	got, err := s.store.Picture(s.ctx(), "1")
	s.ok(err, "picture")
	equal(s, got, old, "a picture")
	old.Content, young.Content, other.Content = nil, nil, nil
	for owner, want := range map[string][]store.Picture{"": {other, young, old}, "ada": {young, old}, "eve": nil} {
		list, err := s.store.Pictures(s.ctx(), owner)
		s.ok(err, "pictures")
		equal(s, list, want, "pictures of "+owner, cmpopts.EquateEmpty())
	}
	s.ok(s.store.RemovePicture(s.ctx(), "1"), "remove picture")
	s.is(s.store.RemovePicture(s.ctx(), "1"), store.ErrNotFound, "remove it again")
	_, err = s.store.Picture(s.ctx(), "1")
	s.is(err, store.ErrNotFound, "a picture that was removed")
}

func (s *suite) mutes() {
	at := now()
	first, err := s.store.SaveMute(s.ctx(), store.Mute{Sort: "channel", Name: "ops", Since: at, Until: at.Add(time.Hour), By: "ada", Reason: "maintenance"})
	s.ok(err, "save mute")
	second, err := s.store.SaveMute(s.ctx(), store.Mute{Sort: "condition", Condition: `kind == "push"`, Since: at, Until: at.Add(-time.Second)})
	s.ok(err, "save mute")
	if first.ID <= 0 || second.ID <= first.ID {
		s.Errorf("the mutes have the IDs %d and %d", first.ID, second.ID)
	}
	first.Until, first.Reason = at.Add(2*time.Hour), "it takes longer"
	again, err := s.store.SaveMute(s.ctx(), first)
	s.ok(err, "save it again")
	equal(s, again, first, "a mute that was changed")
	_, err = s.store.SaveMute(s.ctx(), store.Mute{ID: 4711})
	s.is(err, store.ErrNotFound, "change what is not there")
	list := func() []store.Mute {
		s.Helper()
		list, err := s.store.Mutes(s.ctx())
		s.ok(err, "mutes")
		return list
	}
	equal(s, list(), []store.Mute{first, second}, "mutes")
	_, err = s.store.Sweep(s.ctx(), at.Add(-time.Hour))
	s.ok(err, "sweep")
	equal(s, list(), []store.Mute{first}, "mutes whose time has not come")
	s.ok(s.store.EndMute(s.ctx(), first.ID), "end mute")
	s.is(s.store.EndMute(s.ctx(), first.ID), store.ErrNotFound, "end it again")
	third, err := s.store.SaveMute(s.ctx(), store.Mute{Sort: "channel", Name: "ops", Since: at, Until: at.Add(time.Hour)})
	s.ok(err, "save mute")
	if third.ID <= second.ID {
		s.Errorf("a new mute has the ID %d of one that has ended", third.ID)
	}
}
