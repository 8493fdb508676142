package storetest

import (
	"context"
	"time"

	"github.com/connector-relay/relay/relay/store"
)

// Blocks implements [store.Store].
func (f *Faults) Blocks(ctx context.Context) ([]store.Block, error) {
	return ask(ctx, f, "Blocks", func() ([]store.Block, error) { return f.Store.Blocks(ctx) })
}

// Block implements [store.Store].
func (f *Faults) Block(ctx context.Context, name string) (store.Block, error) {
	return ask(ctx, f, "Block", func() (store.Block, error) { return f.Store.Block(ctx, name) })
}

// SaveBlock implements [store.Store].
func (f *Faults) SaveBlock(ctx context.Context, b store.Block, secrets map[string][]byte) (store.Block, error) {
	return ask(ctx, f, "SaveBlock", func() (store.Block, error) { return f.Store.SaveBlock(ctx, b, secrets) })
}

// RemoveBlock implements [store.Store].
func (f *Faults) RemoveBlock(ctx context.Context, name string, revision int64) error {
	return f.through(ctx, "RemoveBlock", func() error { return f.Store.RemoveBlock(ctx, name, revision) })
}

// SaveSecrets implements [store.Store].
func (f *Faults) SaveSecrets(ctx context.Context, secrets map[string][]byte) error {
	return f.through(ctx, "SaveSecrets", func() error { return f.Store.SaveSecrets(ctx, secrets) })
}

// Secret implements [store.Store].
func (f *Faults) Secret(ctx context.Context, name string) ([]byte, error) {
	return ask(ctx, f, "Secret", func() ([]byte, error) { return f.Store.Secret(ctx, name) })
}

// Secrets implements [store.Store].
func (f *Faults) Secrets(ctx context.Context) ([]string, error) {
	return ask(ctx, f, "Secrets", func() ([]string, error) { return f.Store.Secrets(ctx) })
}

// SavePicture implements [store.Store].
func (f *Faults) SavePicture(ctx context.Context, p store.Picture) error {
	return f.through(ctx, "SavePicture", func() error { return f.Store.SavePicture(ctx, p) })
}

// Picture implements [store.Store].
func (f *Faults) Picture(ctx context.Context, id string) (store.Picture, error) {
	return ask(ctx, f, "Picture", func() (store.Picture, error) { return f.Store.Picture(ctx, id) })
}

// Pictures implements [store.Store].
func (f *Faults) Pictures(ctx context.Context, owner string) ([]store.Picture, error) {
	return ask(ctx, f, "Pictures", func() ([]store.Picture, error) { return f.Store.Pictures(ctx, owner) })
}

// RemovePicture implements [store.Store].
func (f *Faults) RemovePicture(ctx context.Context, id string) error {
	return f.through(ctx, "RemovePicture", func() error { return f.Store.RemovePicture(ctx, id) })
}

// SaveSession implements [store.Store].
func (f *Faults) SaveSession(ctx context.Context, n store.Session) error {
	return f.through(ctx, "SaveSession", func() error { return f.Store.SaveSession(ctx, n) })
}

// Session implements [store.Store].
func (f *Faults) Session(ctx context.Context, hash store.Hash) (store.Session, error) {
	return ask(ctx, f, "Session", func() (store.Session, error) { return f.Store.Session(ctx, hash) })
}

// SaveSessionUse implements [store.Store].
func (f *Faults) SaveSessionUse(ctx context.Context, used map[store.Hash]time.Time) error {
	return f.through(ctx, "SaveSessionUse", func() error { return f.Store.SaveSessionUse(ctx, used) })
}

// EndSession implements [store.Store].
func (f *Faults) EndSession(ctx context.Context, hash store.Hash) error {
	return f.through(ctx, "EndSession", func() error { return f.Store.EndSession(ctx, hash) })
}

// EndSessions implements [store.Store].
func (f *Faults) EndSessions(ctx context.Context, person string) (int, error) {
	return ask(ctx, f, "EndSessions", func() (int, error) { return f.Store.EndSessions(ctx, person) })
}

// SavePerson implements [store.Store].
func (f *Faults) SavePerson(ctx context.Context, p store.Person) error {
	return f.through(ctx, "SavePerson", func() error { return f.Store.SavePerson(ctx, p) })
}

// Person implements [store.Store].
func (f *Faults) Person(ctx context.Context, name string) (store.Person, error) {
	return ask(ctx, f, "Person", func() (store.Person, error) { return f.Store.Person(ctx, name) })
}

// People implements [store.Store].
func (f *Faults) People(ctx context.Context) ([]store.Person, error) {
	return ask(ctx, f, "People", func() ([]store.Person, error) { return f.Store.People(ctx) })
}

// AddAPIToken implements [store.Store].
func (f *Faults) AddAPIToken(ctx context.Context, t store.APIToken) error {
	return f.through(ctx, "AddAPIToken", func() error { return f.Store.AddAPIToken(ctx, t) })
}

// APIToken implements [store.Store].
func (f *Faults) APIToken(ctx context.Context, hash store.Hash) (store.APIToken, error) {
	return ask(ctx, f, "APIToken", func() (store.APIToken, error) { return f.Store.APIToken(ctx, hash) })
}

// APITokens implements [store.Store].
func (f *Faults) APITokens(ctx context.Context, person string) ([]store.APIToken, error) {
	return ask(ctx, f, "APITokens", func() ([]store.APIToken, error) { return f.Store.APITokens(ctx, person) })
}

// RevokeAPIToken implements [store.Store].
func (f *Faults) RevokeAPIToken(ctx context.Context, person, name string) error {
	return f.through(ctx, "RevokeAPIToken", func() error { return f.Store.RevokeAPIToken(ctx, person, name) })
}

// SaveAPITokenUse implements [store.Store].
func (f *Faults) SaveAPITokenUse(ctx context.Context, used map[store.Hash]time.Time) error {
	return f.through(ctx, "SaveAPITokenUse", func() error { return f.Store.SaveAPITokenUse(ctx, used) })
}

// Audit implements [store.Store].
func (f *Faults) Audit(ctx context.Context, e store.AuditEntry) error {
	return f.through(ctx, "Audit", func() error { return f.Store.Audit(ctx, e) })
}

// AuditLog implements [store.Store].
func (f *Faults) AuditLog(ctx context.Context, which store.AuditFilter) ([]store.AuditEntry, error) {
	return ask(ctx, f, "AuditLog", func() ([]store.AuditEntry, error) { return f.Store.AuditLog(ctx, which) })
}

// Mutes implements [store.Store].
func (f *Faults) Mutes(ctx context.Context) ([]store.Mute, error) {
	return ask(ctx, f, "Mutes", func() ([]store.Mute, error) { return f.Store.Mutes(ctx) })
}

// SaveMute implements [store.Store].
func (f *Faults) SaveMute(ctx context.Context, m store.Mute) (store.Mute, error) {
	return ask(ctx, f, "SaveMute", func() (store.Mute, error) { return f.Store.SaveMute(ctx, m) })
}

// EndMute implements [store.Store].
func (f *Faults) EndMute(ctx context.Context, id int64) error {
	return f.through(ctx, "EndMute", func() error { return f.Store.EndMute(ctx, id) })
}
