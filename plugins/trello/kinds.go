package trello

import (
	"encoding/json"
	"slices"

	"github.com/connector-relay/relay/relay/connector/kinds"
)

// look says what a kind's cards look like.
type look struct {
	color string
	// does is what the member does, as the title says it. CARD, LIST and the like in it
	// stand for names.
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

// table lists all kinds that have a card.
func table() kinds.Table[look] {
	return kinds.Table[look]{
		{Name: "add_attachment_to_card", Doc: "A file or link was attached to a card.", Own: look{blue, "attached FILE to CARD"}},
		{Name: "add_checklist_to_card", Doc: "A checklist was added to a card.", Own: look{blue, "added the checklist CHECKLIST to CARD"}},
		{Name: "add_label_to_card", Doc: "A label was put on a card.", Own: look{blue, "put LABEL on CARD"}},
		{Name: "add_member_to_board", Doc: "A member joined the board.", Own: look{green, "added MEMBER to the board"}},
		{Name: "add_member_to_card", Doc: "A member was put on a card.", Own: look{blue, "put MEMBER on CARD"}},
		{Name: "board_renamed", Doc: "The board was renamed.", Own: look{blue, "renamed the board OLDNAME to BOARD"}},
		{Name: "card_archived", Doc: "A card was archived.", Own: look{grey, "archived CARD"}},
		{Name: "card_described", Doc: "A card's description was changed.", Own: look{blue, "DESCRIBED CARD"}},
		{Name: "card_moved", Doc: "A card was moved to another list.", Own: look{blue, "moved CARD from BEFORE to AFTER"}},
		{Name: "card_renamed", Doc: "A card was renamed.", Own: look{blue, "renamed OLDNAME to CARD"}},
		{Name: "card_unarchived", Doc: "An archived card was restored.", Own: look{blue, "brought CARD back"}},
		{Name: "comment_card", Doc: "A card was commented on.", Own: look{blue, "commented on CARD"}},
		{Name: "convert_to_card_from_check_item", Doc: "A checklist item was converted to a card.", Own: look{green, "made CARD of a checklist's line"}},
		{Name: "copy_board", Doc: "The board was created as a copy.", Own: look{green, "made the board BOARD as a copy"}},
		{Name: "copy_card", Doc: "A card was copied.", Own: look{green, "copied SOURCE to CARD in LIST"}},
		{Name: "copy_checklist", Doc: "A checklist was copied.", Noise: true, Own: look{blue, "copied the checklist CHECKLIST"}},
		{Name: "copy_comment_card", Doc: "A comment was copied with its card.", Noise: true, Own: look{blue, "copied a comment to CARD"}},
		{Name: "create_board", Doc: "The board was created.", Own: look{green, "made the board BOARD"}},
		{Name: "create_card", Doc: "A card was created.", Own: look{green, "added CARD to LIST"}},
		{Name: "create_check_item", Doc: "An item was added to a checklist.", Noise: true, Own: look{blue, "added ITEM to a checklist of CARD"}},
		{Name: "create_list", Doc: "A list was created.", Own: look{green, "added the list LIST"}},
		{Name: "delete_attachment_from_card", Doc: "An attachment was removed.", Own: look{grey, "removed FILE from CARD"}},
		{Name: "delete_card", Doc: "A card was deleted.", Own: look{grey, "deleted a card from LIST"}},
		{Name: "delete_check_item", Doc: "A checklist item was removed.", Noise: true, Own: look{grey, "removed ITEM from CARD"}},
		{Name: "delete_comment", Doc: "A comment was deleted.", Noise: true, Own: look{grey, "deleted a comment on CARD"}},
		{Name: "due_date_completed", Doc: "A card was marked as done.", Own: look{green, "completed CARD"}},
		{Name: "due_date_removed", Doc: "A card's due date was removed.", Own: look{grey, "removed the due date of CARD"}},
		{Name: "due_date_reopened", Doc: "A card was marked as not done.", Own: look{orange, "reopened CARD"}},
		{Name: "due_date_set", Doc: "A card's due date was set or changed.", Own: look{orange, "DATED the due date of CARD"}},
		{Name: "email_card", Doc: "A card was created by email.", Own: look{green, "mailed CARD to LIST"}},
		{Name: "list_archived", Doc: "A list was archived.", Own: look{grey, "archived the list LIST"}},
		{Name: "list_renamed", Doc: "A list was renamed.", Own: look{blue, "renamed OLDNAME to LIST"}},
		{Name: "list_unarchived", Doc: "An archived list was restored.", Own: look{blue, "brought the list LIST back"}},
		{Name: "make_admin_of_board", Doc: "A member became an admin of the board.", Own: look{blue, "made MEMBER an admin of the board"}},
		{Name: "make_normal_member_of_board", Doc: "A member is no longer an admin of the board.", Own: look{blue, "made MEMBER a normal member of the board"}},
		{Name: "make_observer_of_board", Doc: "A member may only look at the board.", Own: look{blue, "made MEMBER an observer of the board"}},
		{Name: "move_card_from_board", Doc: "A card was moved to another board.", Own: look{grey, "took CARD to TOBOARD"}},
		{Name: "move_card_to_board", Doc: "A card was moved here from another board.", Own: look{green, "brought CARD here from FROMBOARD"}},
		{Name: "move_list_from_board", Doc: "A list was moved to another board.", Own: look{grey, "took the list LIST to another board"}},
		{Name: "move_list_to_board", Doc: "A list was moved here from another board.", Own: look{green, "brought the list LIST here"}},
		{Name: "remove_checklist_from_card", Doc: "A checklist was removed.", Own: look{grey, "removed the checklist CHECKLIST from CARD"}},
		{Name: "remove_label_from_card", Doc: "A label was taken off a card.", Own: look{grey, "took LABEL off CARD"}},
		{Name: "remove_member_from_board", Doc: "A member left the board.", Own: look{grey, "removed MEMBER from the board"}},
		{Name: "remove_member_from_card", Doc: "A member was taken off a card.", Own: look{grey, "took MEMBER off CARD"}},
		{Name: "update_board", Doc: "The board's settings were changed.", Noise: true, Own: look{grey, "changed the board BOARD"}},
		{Name: "update_card", Doc: "A card was moved within its list, or its cover was changed.", Noise: true, Own: look{grey, "changed CARD"}},
		{Name: "update_check_item", Doc: "A checklist item was changed.", Noise: true, Own: look{grey, "changed ITEM on CARD"}},
		{Name: "update_check_item_state_on_card", Doc: "A checklist item was ticked or unticked.", Own: look{green, "TICKED ITEM on CARD"}},
		{Name: "update_checklist", Doc: "A checklist was renamed.", Noise: true, Own: look{grey, "changed the checklist CHECKLIST of CARD"}},
		{Name: "update_comment", Doc: "A comment was edited.", Noise: true, Own: look{grey, "edited a comment on CARD"}},
		{Name: "update_custom_field_item", Doc: "A custom field of a card was set.", Noise: true, Own: look{grey, "set FIELD of CARD"}},
		{Name: "update_list", Doc: "A list was moved or otherwise changed.", Noise: true, Own: look{grey, "changed the list LIST"}},
		{Name: "vote_on_card", Doc: "Somebody voted for a card.", Noise: true, Own: look{blue, "voted for CARD"}},
	}
}

// sample returns an action with every member that one can have.
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

// wanted returns the kind of an action; it reports false when nobody asked for it.
func (t *Trello) wanted(a action) (kinds.Kind[look], bool) {
	k, ok := table().Find(a.kind())
	if !ok || !t.Wants(k.Noise, k.Name) || len(t.Members) > 0 && !t.Members.Match(a.Creator.Username) {
		return k, false
	}
	if lists := a.lists(); len(t.Lists) > 0 && len(lists) > 0 && !slices.ContainsFunc(lists, t.Lists.Match) {
		return k, false
	}
	return k, len(t.Labels) == 0 || a.Data.Label == nil || t.Labels.Match(a.Data.Label.Name)
}

// lists returns the names of the lists that an action is about.
func (a action) lists() []string {
	var names []string
	for _, l := range []*named{a.Data.List, a.Data.ListBefore, a.Data.ListAfter} {
		if l != nil {
			names = append(names, l.Name)
		}
	}
	return names
}
