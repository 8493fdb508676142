package trello

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/connector-relay/relay/relay/connector"
)

// kind is one sort of event.
type kind struct {
	doc string
	// noise says that it is posted only when the configuration asks for it.
	noise bool
	color string
	// does is what the title says that the member does. In it, CARD, LIST and the
	// like stand for names.
	does string
}

// The colours of cards.
const (
	blue   = "0079BF"
	green  = "61BD4F"
	orange = "FF9F1A"
	red    = "EB5A46"
	grey   = "838C91"
)

// kinds are all that a card can be made of, by name.
func kinds() map[string]kind {
	return map[string]kind{
		"create_card":                     {doc: "A card was made.", color: green, does: "added CARD to LIST"},
		"copy_card":                       {doc: "A card was copied.", color: green, does: "copied SOURCE to CARD in LIST"},
		"convert_to_card_from_check_item": {doc: "A card was made of a checklist's line.", color: green, does: "made CARD of a checklist's line"},
		"email_card":                      {doc: "A card was made by mail.", color: green, does: "mailed CARD to LIST"},
		"delete_card":                     {doc: "A card was deleted.", color: grey, does: "deleted a card from LIST"},
		"card_moved":                      {doc: "A card was moved to another list.", color: blue, does: "moved CARD from BEFORE to AFTER"},
		"card_archived":                   {doc: "A card was archived.", color: grey, does: "archived CARD"},
		"card_unarchived":                 {doc: "A card was brought back.", color: blue, does: "brought CARD back"},
		"card_renamed":                    {doc: "A card was renamed.", color: blue, does: "renamed OLDNAME to CARD"},
		"card_described":                  {doc: "A card's description was changed.", color: blue, does: "DESCRIBED CARD"},
		"update_card":                     {doc: "A card was moved within its list, or its cover was changed.", noise: true, color: grey, does: "changed CARD"},
		"move_card_to_board":              {doc: "A card came from another board.", color: green, does: "brought CARD here from FROMBOARD"},
		"move_card_from_board":            {doc: "A card went to another board.", color: grey, does: "took CARD to TOBOARD"},
		"due_date_set":                    {doc: "A card's due date was set or changed.", color: orange, does: "DATED the due date of CARD"},
		"due_date_removed":                {doc: "A card's due date was removed.", color: grey, does: "removed the due date of CARD"},
		"due_date_completed":              {doc: "A card was marked as done.", color: green, does: "completed CARD"},
		"due_date_reopened":               {doc: "A card was marked as not done.", color: orange, does: "reopened CARD"},
		"comment_card":                    {doc: "A card was commented on.", color: blue, does: "commented on CARD"},
		"copy_comment_card":               {doc: "A comment came with a copied card.", noise: true, color: blue, does: "copied a comment to CARD"},
		"delete_comment":                  {doc: "A comment was deleted.", noise: true, color: grey, does: "deleted a comment on CARD"},
		"update_comment":                  {doc: "A comment was edited.", noise: true, color: grey, does: "edited a comment on CARD"},
		"add_attachment_to_card":          {doc: "Something was attached to a card.", color: blue, does: "attached FILE to CARD"},
		"delete_attachment_from_card":     {doc: "An attachment was removed.", color: grey, does: "removed FILE from CARD"},
		"add_member_to_card":              {doc: "A member was put on a card.", color: blue, does: "put MEMBER on CARD"},
		"remove_member_from_card":         {doc: "A member was taken off a card.", color: grey, does: "took MEMBER off CARD"},
		"add_checklist_to_card":           {doc: "A checklist was added to a card.", color: blue, does: "added the checklist CHECKLIST to CARD"},
		"remove_checklist_from_card":      {doc: "A checklist was removed.", color: grey, does: "removed the checklist CHECKLIST from CARD"},
		"copy_checklist":                  {doc: "A checklist came as a copy.", noise: true, color: blue, does: "copied the checklist CHECKLIST"},
		"update_checklist":                {doc: "A checklist was renamed.", noise: true, color: grey, does: "changed the checklist CHECKLIST of CARD"},
		"create_check_item":               {doc: "A line was added to a checklist.", noise: true, color: blue, does: "added ITEM to a checklist of CARD"},
		"update_check_item":               {doc: "A checklist's line was changed.", noise: true, color: grey, does: "changed ITEM on CARD"},
		"delete_check_item":               {doc: "A checklist's line was removed.", noise: true, color: grey, does: "removed ITEM from CARD"},
		"update_check_item_state_on_card": {doc: "A checklist's line was ticked or unticked.", color: green, does: "TICKED ITEM on CARD"},
		"add_label_to_card":               {doc: "A label was put on a card.", color: blue, does: "put LABEL on CARD"},
		"remove_label_from_card":          {doc: "A label was taken off a card.", color: grey, does: "took LABEL off CARD"},
		"update_custom_field_item":        {doc: "A custom field of a card was set.", noise: true, color: grey, does: "set FIELD of CARD"},
		"vote_on_card":                    {doc: "Somebody voted for a card.", noise: true, color: blue, does: "voted for CARD"},
		"create_list":                     {doc: "A list was made.", color: green, does: "added the list LIST"},
		"list_renamed":                    {doc: "A list was renamed.", color: blue, does: "renamed OLDNAME to LIST"},
		"update_list":                     {doc: "A list was moved or changed otherwise.", noise: true, color: grey, does: "changed the list LIST"},
		"list_archived":                   {doc: "A list was archived.", color: grey, does: "archived the list LIST"},
		"list_unarchived":                 {doc: "A list was brought back.", color: blue, does: "brought the list LIST back"},
		"move_list_to_board":              {doc: "A list came from another board.", color: green, does: "brought the list LIST here"},
		"move_list_from_board":            {doc: "A list went to another board.", color: grey, does: "took the list LIST to another board"},
		"create_board":                    {doc: "The board was made.", color: green, does: "made the board BOARD"},
		"copy_board":                      {doc: "The board was made as a copy.", color: green, does: "made the board BOARD as a copy"},
		"update_board":                    {doc: "The board's settings were changed.", noise: true, color: grey, does: "changed the board BOARD"},
		"board_renamed":                   {doc: "The board was renamed.", color: blue, does: "renamed the board OLDNAME to BOARD"},
		"add_member_to_board":             {doc: "A member joined the board.", color: green, does: "added MEMBER to the board"},
		"make_admin_of_board":             {doc: "A member became the board's admin.", color: blue, does: "made MEMBER an admin of the board"},
		"make_normal_member_of_board":     {doc: "A member is no longer the board's admin.", color: blue, does: "made MEMBER a normal member of the board"},
		"make_observer_of_board":          {doc: "A member may only look at the board.", color: blue, does: "made MEMBER an observer of the board"},
		"remove_member_from_board":        {doc: "A member left the board.", color: grey, does: "removed MEMBER from the board"},
	}
}

func describedKinds() []connector.Kind {
	var list []connector.Kind
	everything := &Trello{Kinds: []string{"*"}}
	for _, name := range slices.Sorted(maps.Keys(kinds())) {
		a := sample()
		e := everything.draw(a, name)
		list = append(list, connector.Kind{Name: name, Doc: kinds()[name].doc, Sample: e})
	}
	return list
}

// sample is an action with all that one can have.
func sample() action {
	return parseAction(json.RawMessage(`{
		"id": "654c8f2a0000000000000001", "type": "updateCard", "date": "2026-11-20T09:30:00.000Z",
		"memberCreator": {"username": "ada", "fullName": "Ada"}, "member": {"username": "grace", "fullName": "Grace"},
		"data": {
			"text": "Looks good.", "board": {"id": "b", "name": "Relay", "shortLink": "brd"}, "list": {"id": "l", "name": "Doing"},
			"listBefore": {"id": "m", "name": "To do"}, "listAfter": {"id": "l", "name": "Doing"},
			"card": {"id": "c", "name": "Fix the parser", "shortLink": "crd", "idShort": 17, "due": "2026-11-25T12:00:00.000Z"},
			"old": {"name": "Parser", "due": "2026-11-24T12:00:00.000Z"}, "checklist": {"name": "Steps"}, "checkItem": {"name": "Write a test", "state": "complete"},
			"attachment": {"name": "log.txt", "url": "https://trello.com/1/cards/c/attachments/a"}, "label": {"name": "bug", "color": "red"},
			"boardSource": {"name": "Ideas"}, "boardTarget": {"name": "Archive"}, "cardSource": {"name": "Template"}, "customField": {"name": "Effort"}
		}}`))
}

// wants reports whether an action of a kind is one that people asked for.
func (t *Trello) wants(a action, name string) bool {
	k, ok := kinds()[name]
	if !ok || connector.Matches(t.Exclude, name) {
		return false
	}
	if listed := len(t.Kinds) == 0 && !k.noise || connector.Matches(t.Kinds, name); !listed {
		return false
	}
	if len(t.Members) > 0 && !connector.Matches(t.Members, a.Creator.Username) {
		return false
	}
	if lists := a.lists(); len(t.Lists) > 0 && len(lists) > 0 && !slices.ContainsFunc(lists, func(l string) bool { return connector.Matches(t.Lists, l) }) {
		return false
	}
	return len(t.Labels) == 0 || a.Data.Label == nil || connector.Matches(t.Labels, a.Data.Label.Name)
}

// lists are the names of the lists that an action is about.
func (a action) lists() []string {
	var names []string
	for _, l := range []*named{a.Data.List, a.Data.ListBefore, a.Data.ListAfter} {
		if l != nil {
			names = append(names, l.Name)
		}
	}
	return names
}
