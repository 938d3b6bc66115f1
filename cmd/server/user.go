package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/voicefit/spotter/internal/account"
	"github.com/voicefit/spotter/internal/fault"
)

func (p *program) user() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Add, list, disable people and set passwords", Args: usage(cobra.NoArgs), RunE: needsSubcommand}
	var role, name string
	var fromStdin bool
	add := &cobra.Command{
		Use:     "add EMAIL",
		Short:   "Add a person",
		Example: "  echo \"$PASSWORD\" | spotter user add ana@example.org --role reviewer --password-stdin",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := account.ParseRole(role)
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			password, err := p.password(fromStdin)
			if err != nil {
				return err
			}
			if name == "" {
				name, _, _ = strings.Cut(args[0], "@")
			}
			return p.with(cmd, func(a *app) error {
				u, err := a.accounts.Add(cmd.Context(), operator(), account.Person{Email: args[0], Name: name, Password: password}, r)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.stdout, "%s\t%s\t%s\n", u.ID, u.Email, u.Role)
				return err
			})
		},
	}
	add.Flags().StringVar(&role, "role", "", "`role`: admin, lead, reviewer, pm or engineer")
	add.Flags().StringVar(&name, "name", "", "`name` as others see it (default: the e-mail's first part)")
	add.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the password from standard input")

	var asJSON bool
	list := &cobra.Command{
		Use: "list", Short: "List people", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.with(cmd, func(a *app) error { return p.listUsers(cmd, a, asJSON) })
		},
	}
	list.Flags().BoolVar(&asJSON, "json", false, "print one JSON object per person")
	disable := &cobra.Command{
		Use: "disable EMAIL", Short: "Stop somebody from signing in; what they did stays", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, func(a *app) error {
				u, err := a.accounts.UserByEmail(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				_, err = a.accounts.Disable(cmd.Context(), operator(), u.ID)
				return err
			})
		},
	}
	password := &cobra.Command{
		Use: "password EMAIL", Short: "Set somebody's password and end their sessions", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			secret, err := p.password(fromStdin)
			if err != nil {
				return err
			}
			return p.with(cmd, func(a *app) error {
				u, err := a.accounts.UserByEmail(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.accounts.SetPassword(cmd.Context(), operator(), u.ID, secret)
			})
		},
	}
	password.Flags().BoolVar(&fromStdin, "password-stdin", false, "read the password from standard input")
	cmd.AddCommand(add, list, disable, password, p.userSkill())
	return cmd
}

// userSkill marks people with what some approvals require.
func (p *program) userSkill() *cobra.Command {
	var add, remove []string
	cmd := &cobra.Command{
		Use:   "skill EMAIL",
		Short: "Mark somebody with a skill, or take it away",
		Long: `Mark somebody with a skill, such as clinician, or take it away. Subcategories and
checks of the catalog name the skill that one of those who approve must have. Without
a flag it prints the skills that the person has.`,
		Example: "  spotter user skill ana@example.org --add clinician",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.with(cmd, func(a *app) error {
				ctx := cmd.Context()
				u, err := a.accounts.UserByEmail(ctx, args[0])
				if err != nil {
					return err
				}
				c, err := a.catalogs.Current(ctx)
				if err != nil {
					return err
				}
				known := c.Skills()
				for _, skill := range add {
					if !slices.Contains(known, skill) {
						return fault.New(fault.Invalid, "Nothing in the catalog asks for the skill %q. Use one of: %s.", skill, strings.Join(known, ", "))
					}
				}
				skills := slices.DeleteFunc(append(slices.Clone(u.Skills), add...), func(s string) bool { return slices.Contains(remove, s) })
				if u, err = a.accounts.SetSkills(ctx, operator(), u.ID, skills); err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.stdout, "%s\t%s\n", u.Email, strings.Join(u.Skills, ","))
				return err
			})
		},
	}
	cmd.Flags().StringArrayVar(&add, "add", nil, "`skill` to add; repeat it")
	cmd.Flags().StringArrayVar(&remove, "remove", nil, "`skill` to take away; repeat it")
	return cmd
}

// needsSubcommand is what a command does that only groups others.
func needsSubcommand(cmd *cobra.Command, _ []string) error {
	return fmt.Errorf("%w: name a subcommand; see `%s --help`", errUsage, cmd.CommandPath())
}

// with opens the product for a subcommand, runs f and closes it.
func (p *program) with(cmd *cobra.Command, f func(a *app) error) error {
	a, err := p.open(cmd.Context(), false)
	if err != nil {
		return err
	}
	return errors.Join(f(a), a.close())
}

// listed is what `user list --json` prints for each person.
type listed struct {
	ID       uuid.UUID    `json:"id"`
	Email    string       `json:"email"`
	Name     string       `json:"name"`
	Role     account.Role `json:"role"`
	Skills   []string     `json:"skills"`
	Disabled bool         `json:"disabled"`
	Created  time.Time    `json:"created_at"`
}

func (p *program) listUsers(cmd *cobra.Command, a *app, asJSON bool) error {
	w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(w, "EMAIL\tNAME\tROLE\tSTATE\tSKILLS")
	}
	for after := ""; ; {
		users, next, err := a.accounts.List(cmd.Context(), after, 100)
		if err != nil {
			return err
		}
		for _, u := range users {
			if asJSON {
				one := listed{ID: u.ID, Email: u.Email, Name: u.Name, Role: u.Role, Skills: append([]string{}, u.Skills...), Disabled: !u.DisabledAt.IsZero(), Created: u.CreatedAt}
				if err := json.NewEncoder(p.stdout).Encode(one); err != nil {
					return err
				}
				continue
			}
			state := "active"
			if !u.DisabledAt.IsZero() {
				state = "disabled"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", u.Email, u.Name, u.Role, state, strings.Join(u.Skills, ","))
		}
		if next == "" {
			return w.Flush()
		}
		after = next
	}
}

// password reads a secret: one line of standard input where asked, or typed at
// the terminal without echo.
func (p *program) password(fromStdin bool) (string, error) {
	if fromStdin {
		line, err := bufio.NewReader(p.stdin).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	f, ok := p.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", badFlag("There is no terminal to type a password at. Use --password-stdin.")
	}
	fmt.Fprint(p.stderr, "Password: ")
	b, err := term.ReadPassword(int(f.Fd()))
	fmt.Fprintln(p.stderr)
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return string(b), nil
}

func (p *program) token() *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Create, list and revoke API tokens", Args: usage(cobra.NoArgs), RunE: needsSubcommand}
	var email, name, expires string
	person := func(cmd *cobra.Command, f func(a *app, u account.User) error) error {
		if email == "" {
			return badFlag("Say whose token it is with --user EMAIL.")
		}
		return p.with(cmd, func(a *app) error {
			u, err := a.accounts.UserByEmail(cmd.Context(), email)
			if err != nil {
				return err
			}
			return f(a, u)
		})
	}
	create := &cobra.Command{
		Use: "create", Short: "Create a token and print it, this once", Args: usage(cobra.NoArgs),
		Example: "  TOKEN=$(spotter token create --user ana@example.org --name laptop --expires 90d)",
		RunE: func(cmd *cobra.Command, _ []string) error {
			lasts, err := account.ParseExpiry(expires)
			if err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			if name == "" {
				return badFlag("Say what the token is for with --name.")
			}
			return person(cmd, func(a *app, u account.User) error {
				secret, _, err := a.accounts.CreateToken(cmd.Context(), operator(), u.ID, name, lasts)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintln(p.stdout, secret)
				return err
			})
		},
	}
	create.Flags().StringVar(&name, "name", "", "what the token is for")
	create.Flags().StringVar(&expires, "expires", "", "how `long` it works, such as 90d")
	list := &cobra.Command{
		Use: "list", Short: "List somebody's tokens", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return person(cmd, func(a *app, u account.User) error {
				tokens, err := a.accounts.Tokens(cmd.Context(), u.ID)
				if err != nil {
					return err
				}
				w := tabwriter.NewWriter(p.stdout, 0, 4, 2, ' ', 0)
				fmt.Fprintln(w, "ID\tNAME\tBEGINS\tEXPIRES\tSTATE")
				for _, t := range tokens {
					state := "works"
					switch {
					case !t.RevokedAt.IsZero():
						state = "revoked"
					case t.ExpiresAt.Before(time.Now()):
						state = "expired"
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.ID, t.Name, t.Prefix, t.ExpiresAt.UTC().Format(time.DateOnly), state)
				}
				return w.Flush()
			})
		},
	}
	revoke := &cobra.Command{
		Use: "revoke", Short: "Revoke a token by its name or id", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if name == "" {
				return badFlag("Say which token with --name NAME or --name ID.")
			}
			return person(cmd, func(a *app, u account.User) error {
				tokens, err := a.accounts.Tokens(cmd.Context(), u.ID)
				if err != nil {
					return err
				}
				id, err := uuid.Parse(name)
				if err != nil {
					id = uuid.Nil
				}
				revoked := 0
				for _, t := range tokens {
					if t.RevokedAt.IsZero() && (t.ID == id || t.Name == name) {
						if err := a.accounts.RevokeToken(cmd.Context(), operator(), u.ID, t.ID); err != nil {
							return err
						}
						revoked++
					}
				}
				if revoked == 0 {
					return fault.New(fault.NotFound, "%s has no working token %q. See `spotter token list --user %s`.", email, name, email)
				}
				return nil
			})
		},
	}
	revoke.Flags().StringVar(&name, "name", "", "name or id of the token")
	for _, c := range []*cobra.Command{create, list, revoke} {
		c.Flags().StringVar(&email, "user", "", "`e-mail` of the person")
	}
	cmd.AddCommand(create, list, revoke)
	return cmd
}
