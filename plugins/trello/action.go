package trello

import (
	"encoding/json"
	"time"

	"github.com/connector-relay/relay/relay/connector"
)

// action is what happened on a board
// (https://developer.atlassian.com/cloud/trello/guides/rest-api/action-types/).
type action struct {
	ID      string    `json:"id"`
	Type    string    `json:"type"`
	Date    string    `json:"date"`
	Data    actionOf  `json:"data"`
	Creator member    `json:"memberCreator"`
	Member  *member   `json:"member"`
	When    time.Time `json:"-"`
}

type member struct {
	Username  string `json:"username"`
	FullName  string `json:"fullName"`
	AvatarURL string `json:"avatarUrl"`
}

// actionOf is what the action is about; the type decides which parts are present.
type actionOf struct {
	Text       string `json:"text,omitempty"`
	Board      *named `json:"board,omitempty"`
	List       *named `json:"list,omitempty"`
	ListBefore *named `json:"listBefore,omitempty"`
	ListAfter  *named `json:"listAfter,omitempty"`
	Card       *card  `json:"card,omitempty"`
	Old        *old   `json:"old,omitempty"`
	Checklist  *named `json:"checklist,omitempty"`
	CheckItem  *item  `json:"checkItem,omitempty"`
	Attachment *file  `json:"attachment,omitempty"`
	Member     *named `json:"member,omitempty"`
	Label      *named `json:"label,omitempty"`
	BoardFrom  *named `json:"boardSource,omitempty"`
	BoardTo    *named `json:"boardTarget,omitempty"`
	CardFrom   *card  `json:"cardSource,omitempty"`
	Field      *named `json:"customField,omitempty"`
	// Comment is the new text of an edited comment.
	Comment *struct {
		Text string `json:"text,omitempty"`
	} `json:"action,omitempty"`
}

type named struct {
	ID        string `json:"id,omitempty"`
	Name      string `json:"name,omitempty"`
	ShortLink string `json:"shortLink,omitempty"`
	Color     string `json:"color,omitempty"`
	Closed    *bool  `json:"closed,omitempty"`
}

type card struct {
	named
	IDShort     int     `json:"idShort,omitempty"`
	Description *string `json:"desc,omitempty"`
	Due         *string `json:"due,omitempty"`
	DueComplete *bool   `json:"dueComplete,omitempty"`
	IDList      string  `json:"idList,omitempty"`
}

// old holds the old values of changed members; the members that are present say what changed.
type old struct {
	Name        *string         `json:"name,omitempty"`
	Description *string         `json:"desc,omitempty"`
	Closed      *bool           `json:"closed,omitempty"`
	IDList      *string         `json:"idList,omitempty"`
	Due         json.RawMessage `json:"due,omitempty"`
	DueComplete *bool           `json:"dueComplete,omitempty"`
	Position    json.RawMessage `json:"pos,omitempty"`
	Cover       json.RawMessage `json:"cover,omitempty"`
}

type item struct {
	Name  string `json:"name,omitempty"`
	State string `json:"state,omitempty"`
}

type file struct {
	Name string `json:"name,omitempty"`
	URL  string `json:"url,omitempty"`
}

// parseAction reads what it can: it leaves out a part of the wrong type and keeps the
// rest. An action must have an id.
func parseAction(raw json.RawMessage) action {
	var a action
	if !connector.ParseJSON(raw, &a) || !isID(a.ID) {
		return action{}
	}
	a.When, _ = time.Parse(time.RFC3339, a.Date) // zero when it is not a time
	return a
}

// kind returns the kind of event that an action is. Trello has one type for all changes
// of a card, but people tell them apart.
func (a action) kind() string {
	before, c := a.Data.Old, a.Data.Card
	if a.Type == "updateList" && before != nil && before.Closed != nil {
		if l := a.Data.List; l != nil && l.Closed != nil && *l.Closed {
			return "list_archived"
		}
		return "list_unarchived"
	}
	if a.Type == "updateList" && before != nil && before.Name != nil {
		return "list_renamed"
	}
	if a.Type == "updateBoard" && before != nil && before.Name != nil {
		return "board_renamed"
	}
	if a.Type != "updateCard" || before == nil || c == nil {
		return snake(a.Type)
	}
	switch {
	case a.Data.ListAfter != nil || before.IDList != nil:
		return "card_moved"
	case before.Closed != nil && c.Closed != nil && *c.Closed:
		return "card_archived"
	case before.Closed != nil:
		return "card_unarchived"
	case before.DueComplete != nil && c.DueComplete != nil && *c.DueComplete:
		return "due_date_completed"
	case before.DueComplete != nil:
		return "due_date_reopened"
	case before.Due != nil && (c.Due == nil || *c.Due == ""):
		return "due_date_removed"
	case before.Due != nil:
		return "due_date_set"
	case before.Name != nil:
		return "card_renamed"
	case before.Description != nil:
		return "card_described"
	}
	return "update_card" // a move within a list, or a new cover
}

// snake turns a name such as addMemberToCard into add_member_to_card.
func snake(s string) string {
	var b []rune
	for _, r := range s {
		if r >= 'A' && r <= 'Z' {
			b = append(b, '_')
			r += 'a' - 'A'
		}
		b = append(b, r)
	}
	return string(b)
}
