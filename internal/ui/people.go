package ui

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/audit"
	"github.com/voicefit/spotter/internal/fault"
	"github.com/voicefit/spotter/internal/ui/draw"
	"github.com/voicefit/spotter/web/templates"
)

const peopleRows = 100

// listPeople handles GET /people.
func (s *Server) listPeople(w http.ResponseWriter, r *http.Request) error {
	v, err := s.peopleView(r, "", "")
	if err != nil {
		return err
	}
	return s.show(w, r, templates.PeoplePage(s.frame(w, r, "People", templates.SectionPeople), v))
}

// invite handles POST /people/invitations. The answer to the form shows the
// link: its secret is kept nowhere.
func (s *Server) invite(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	email, role := r.PostForm.Get("email"), r.PostForm.Get("role")
	u, _ := userOf(r.Context())
	token, err := s.accounts.Invite(r.Context(), u.Actor(), email, account.Role(role))
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		v, err := s.peopleView(r, email, role)
		if err != nil {
			return err
		}
		v.Problem, v.Email.Problem, v.Role.Problem = f.Msg, f.Fields["email"], f.Fields["role"]
		s.render(w, r, http.StatusUnprocessableEntity, templates.PeoplePage(s.frame(w, r, "People", templates.SectionPeople), v))
		return nil
	}
	if err != nil {
		return err
	}
	v, err := s.peopleView(r, "", "")
	if err != nil {
		return err
	}
	v.Link = s.link(r, "/join/"+token)
	v.LinkNote = "Pass it on to " + email + ". It works once, within 7 days, and is not shown again."
	return s.show(w, r, templates.PeoplePage(s.frame(w, r, "People", templates.SectionPeople), v))
}

// revokeInvitation handles POST /people/invitations/{id}/revoke.
func (s *Server) revokeInvitation(w http.ResponseWriter, r *http.Request) error {
	return s.changePerson(w, r, func(ctx context.Context, by audit.Actor, id uuid.UUID) (string, error) {
		return "The link does not work any more.", s.accounts.RevokeInvitation(ctx, by, id)
	})
}

// changeRole handles POST /people/{id}/role.
func (s *Server) changeRole(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	return s.changePerson(w, r, func(ctx context.Context, by audit.Actor, id uuid.UUID) (string, error) {
		u, err := s.accounts.SetRole(ctx, by, id, account.Role(r.PostForm.Get("role")))
		return u.Name + " is now " + roleWord(u.Role) + " and has to sign in again.", err
	})
}

// changeSkills handles POST /people/{id}/skills.
func (s *Server) changeSkills(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return malformed(err)
	}
	return s.changePerson(w, r, func(ctx context.Context, by audit.Actor, id uuid.UUID) (string, error) {
		c, _, err := s.catalogs.CurrentVersion(ctx)
		if err != nil {
			return "", err
		}
		before, err := s.accounts.User(ctx, id)
		if err != nil {
			return "", err
		}
		for _, skill := range r.PostForm["skill"] {
			if !slices.Contains(c.Skills(), skill) && !slices.Contains(before.Skills, skill) {
				return "", fault.New(fault.Invalid, "Nothing in the catalog asks for the skill %s.", draw.Plain(skill))
			}
		}
		u, err := s.accounts.SetSkills(ctx, by, id, r.PostForm["skill"])
		if len(u.Skills) == 0 {
			return u.Name + " has no special skill now.", err
		}
		return u.Name + " now counts as: " + strings.Join(u.Skills, ", ") + ".", err
	})
}

// skillBoxes are the skills that the catalog asks for, and those that u has.
func skillBoxes(known []string, u account.User) []templates.Ticked {
	all := append(slices.Clone(known), u.Skills...)
	slices.Sort(all)
	var boxes []templates.Ticked
	for _, skill := range slices.Compact(all) {
		box := templates.Ticked{ID: skill, Name: skill, On: slices.Contains(u.Skills, skill)}
		if !slices.Contains(known, skill) {
			box.Note = "not asked for any more"
		}
		boxes = append(boxes, box)
	}
	return boxes
}

// disablePerson handles POST /people/{id}/disable.
func (s *Server) disablePerson(w http.ResponseWriter, r *http.Request) error {
	return s.changePerson(w, r, func(ctx context.Context, by audit.Actor, id uuid.UUID) (string, error) {
		u, err := s.accounts.Disable(ctx, by, id)
		return u.Name + " is signed out and cannot sign in any more. Everything they did stays.", err
	})
}

// enablePerson handles POST /people/{id}/enable.
func (s *Server) enablePerson(w http.ResponseWriter, r *http.Request) error {
	return s.changePerson(w, r, func(ctx context.Context, by audit.Actor, id uuid.UUID) (string, error) {
		u, err := s.accounts.Enable(ctx, by, id)
		return u.Name + " can sign in again.", err
	})
}

// changePerson does what the routes under /people/…/{id} have in common: a
// change, a sentence about it, back to the list. Refusals by the rules become
// such a sentence too, since the list is where to act on them.
func (s *Server) changePerson(w http.ResponseWriter, r *http.Request, change func(ctx context.Context, by audit.Actor, id uuid.UUID) (string, error)) error {
	id, err := parseID(chi.URLParam(r, "id"))
	if err != nil {
		return err
	}
	u, _ := userOf(r.Context())
	kind := templates.FlashSuccess
	text, err := change(r.Context(), u.Actor(), id)
	if f, ok := fault.As(err); ok && (f.Kind == fault.Conflict || f.Kind == fault.Invalid) {
		kind, text, err = templates.FlashError, f.Msg, nil
	}
	if err != nil {
		return err
	}
	if err := s.flash(w, r, kind, text); err != nil {
		return err
	}
	redirect(w, r, "/people")
	return nil
}

func (s *Server) peopleView(r *http.Request, email, role string) (templates.People, error) {
	ctx, now := r.Context(), s.now()
	you, _ := userOf(ctx)
	v := templates.People{
		Email: templates.Field{Name: "email", Label: "Email", Type: "email", Value: email, Autocomplete: "off"},
		Role:  templates.Choice{Name: "role", Label: "Role", Options: roleOptions(account.Role(role), account.Reviewer)},
	}
	c, _, err := s.catalogs.CurrentVersion(ctx)
	if err != nil {
		return v, err
	}
	known := c.Skills()
	users, next, err := s.accounts.List(ctx, r.URL.Query().Get("after"), peopleRows)
	if err != nil {
		return v, err
	}
	for _, u := range users {
		path := "/people/" + u.ID.String()
		v.Rows = append(v.Rows, templates.Person{
			Name: u.Name, Email: u.Email, Role: roleWord(u.Role), You: u.ID == you.ID, Disabled: !u.DisabledAt.IsZero(),
			Activity: path + "/activity", Skills: skillBoxes(known, u), SkillForm: path + "/skills",
			Joined: moment(u.CreatedAt, now), RoleForm: path + "/role", Enable: path + "/enable",
			Roles: templates.Choice{ID: "role-" + u.ID.String(), Name: "role", Label: "Role of " + u.Name, Options: roleOptions(u.Role, u.Role)},
			Disable: templates.Confirm{
				Summary: "Disable", Danger: true, Button: "Disable " + u.Name, Action: path + "/disable",
				Text: u.Name + " is signed out at once, and tokens stop working. Everything they did stays. You can enable them again.",
			},
		})
	}
	v.Pager.Untimed = true
	if next != "" {
		v.Pager.Older = "/people?" + with(r.URL.Query(), "after", next).Encode()
	}
	if r.URL.Query().Get("after") != "" {
		v.Pager.First = "/people"
	}
	invitations, err := s.accounts.Invitations(ctx)
	if err != nil {
		return v, err
	}
	for _, i := range invitations {
		v.Invitations = append(v.Invitations, templates.Invitation{
			Email: i.Email, Role: roleWord(i.Role), By: i.CreatedBy, Made: moment(i.CreatedAt, now), Expires: moment(i.ExpiresAt, now),
			Expired: i.Expired, Revoke: "/people/invitations/" + i.ID.String() + "/revoke",
		})
	}
	return v, nil
}

// roleOptions are the roles with one selected: chosen where it is a role, else
// the usual one.
func roleOptions(chosen, usual account.Role) []templates.Option {
	if _, err := account.ParseRole(string(chosen)); err != nil {
		chosen = usual
	}
	var options []templates.Option
	for _, role := range account.Roles() {
		options = append(options, templates.Option{Value: string(role), Label: roleWord(role), Selected: role == chosen})
	}
	return options
}
