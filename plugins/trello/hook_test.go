package trello

import (
	"testing"

	"github.com/connector-relay/relay/relay/event"
)

func TestTheWebhookFollowsTheBoard(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"secret": secret})
	p := s.poll(c, nil)
	c.Arguments["board"] = "another"
	c.Name = "with other arguments" // so that it is a value of its own
	s.poll(c, p.Checkpoint)
	if len(s.hooks) != 1 || s.hooks[0].IDModel != another {
		t.Errorf("after the board changed there are %+v", s.hooks)
	}
}

func TestAWebhookThatWasSwitchedOffIsReplacedWithoutACheckpoint(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"secret": secret})
	s.hooks = []webhook{{ID: "off", CallbackURL: c.HookURL, IDModel: board}, {ID: "former", CallbackURL: c.HookURL, IDModel: another, Active: true}}
	p := s.poll(c, nil)
	if len(s.hooks) != 1 || !s.hooks[0].Active || s.hooks[0].IDModel != board || p.Note != "" {
		t.Errorf("%q, and the webhooks are %+v", p.Note, s.hooks)
	}
}

func TestAWebhookThatIsNotWantedAnyMoreIsRemoved(t *testing.T) {
	for name, without := range map[string]func(*service, event.Checkpoint) error{
		"without the secret": func(s *service, at event.Checkpoint) error {
			_, err := s.client(nil).Poll(s.t.Context(), at)
			return err
		},
		"without a public address": func(s *service, at event.Checkpoint) error {
			c := s.client(map[string]any{"secret": secret})
			c.HookURL = ""
			_, err := c.Poll(s.t.Context(), at)
			return err
		},
	} {
		s := newService(t)
		p := s.poll(s.client(map[string]any{"secret": secret}), nil)
		if err := without(s, p.Checkpoint); err != nil || len(s.hooks) != 0 {
			t.Errorf("%s: %v, %+v", name, err, s.hooks)
		}
	}
}

func TestRemovingAWebhookThatTrelloRemovedIsNoError(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"secret": secret})
	p := s.poll(c, nil)
	s.change(func() { s.hooks = nil })
	if err := c.Remove(t.Context(), p.Checkpoint); err != nil {
		t.Error(err)
	}
}

func TestATroubledWebhookDoesNotStopPolls(t *testing.T) {
	s := newService(t)
	c := s.client(map[string]any{"secret": secret})
	p := s.poll(c, nil)
	s.broken = "/1/webhooks/"
	again, err := c.Poll(t.Context(), p.Checkpoint)
	if err != nil || again.Note == "" {
		t.Errorf("%q, %v", again.Note, err)
	}
}
