package sample

import "github.com/google/uuid"

// An exercise is one entry of the vocabulary.
type exercise struct {
	name   string
	gear   gear
	lo, hi int      // usual load in pounds, as it is spoken
	said   []string // spoken names in lower case
	short  []string // abbreviations, as the parser must know them
}

// gear is what an exercise is done with; it decides how a load is spoken of.
type gear uint8

const (
	barbell gear = iota
	dumbbell
	kettlebell
	machine
	cable
	bodyweight // may be done with added load
	hold       // isometric, by the second
	stretch    // by the second, never loaded
)

// exerciseSpace is the namespace of exercise ids, so that an id follows from
// the name alone (UUID version 5).
const exerciseSpace = "5b3f6d0e-3c1e-5a52-9d56-0a6f9a1b7c21"

// exerciseIDs returns the id of every exercise of the vocabulary.
func exerciseIDs() map[*exercise]string {
	space := uuid.MustParse(exerciseSpace)
	ids := make(map[*exercise]string, len(exercises))
	for i := range exercises {
		ids[&exercises[i]] = uuid.NewSHA1(space, []byte(exercises[i].name)).String()
	}
	return ids
}

// exercises is the vocabulary. Spoken names hold no digits: a number in a
// command is always a load, a count, an effort or a time.
var exercises = []exercise{
	{"Barbell Back Squat", barbell, 95, 455, []string{"back squat", "squat", "squats", "barbell squat"}, []string{"BS", "BB squat"}},
	{"Front Squat", barbell, 75, 335, []string{"front squat", "front squats"}, []string{"FS"}},
	{"High-Bar Squat", barbell, 95, 405, []string{"high bar squat", "high-bar squats"}, []string{"HBS"}},
	{"Low-Bar Squat", barbell, 135, 495, []string{"low bar squat", "low-bar squats"}, []string{"LBS squat"}},
	{"Pause Squat", barbell, 95, 365, []string{"pause squat", "paused squats"}, nil},
	{"Box Squat", barbell, 95, 405, []string{"box squat", "box squats"}, nil},
	{"Zercher Squat", barbell, 65, 275, []string{"zercher squat", "zerchers"}, nil},
	{"Safety Bar Squat", barbell, 95, 425, []string{"safety bar squat", "safety squat bar"}, []string{"SSB", "SSB squat"}},
	{"Overhead Squat", barbell, 45, 225, []string{"overhead squat", "overhead squats"}, []string{"OHS"}},
	{"Hack Squat", machine, 90, 450, []string{"hack squat", "hack squats"}, nil},
	{"Smith Machine Squat", machine, 45, 315, []string{"smith machine squat", "smith squats"}, []string{"SM squat"}},
	{"Goblet Squat", dumbbell, 25, 110, []string{"goblet squat", "goblets"}, nil},
	{"Conventional Deadlift", barbell, 135, 545, []string{"deadlift", "deadlifts", "conventional deadlift"}, []string{"DL", "deads"}},
	{"Sumo Deadlift", barbell, 135, 545, []string{"sumo deadlift", "sumo pulls"}, []string{"sumo DL"}},
	{"Romanian Deadlift", barbell, 95, 405, []string{"romanian deadlift", "romanian deadlifts"}, []string{"RDL", "RDLs", "BB RDL"}},
	{"Dumbbell Romanian Deadlift", dumbbell, 30, 110, []string{"dumbbell romanian deadlift", "dumbbell romanians"}, []string{"DB RDL", "DB RDLs"}},
	{"Single-Leg Romanian Deadlift", dumbbell, 15, 80, []string{"single leg romanian deadlift", "single leg romanians"}, []string{"SLRDL", "SL RDL"}},
	{"Stiff-Leg Deadlift", barbell, 95, 365, []string{"stiff leg deadlift", "stiff legs"}, []string{"SLDL"}},
	{"Trap Bar Deadlift", barbell, 135, 565, []string{"trap bar deadlift", "trap bar pulls", "hex bar deadlift"}, []string{"TBDL"}},
	{"Deficit Deadlift", barbell, 135, 455, []string{"deficit deadlift", "deficit pulls"}, nil},
	{"Rack Pull", barbell, 185, 635, []string{"rack pull", "rack pulls"}, nil},
	{"Block Pull", barbell, 185, 585, []string{"block pull", "block pulls"}, nil},
	{"Good Morning", barbell, 45, 225, []string{"good morning", "good mornings"}, []string{"GM", "GMs"}},
	{"Barbell Hip Thrust", barbell, 95, 495, []string{"hip thrust", "barbell hip thrusts"}, []string{"HT", "BB hip thrust"}},
	{"Glute Bridge", barbell, 45, 315, []string{"glute bridge", "glute bridges"}, nil},
	{"Barbell Bench Press", barbell, 65, 365, []string{"bench press", "bench", "flat bench", "barbell bench"}, []string{"BP", "BB bench"}},
	{"Incline Barbell Bench Press", barbell, 65, 275, []string{"incline bench", "incline barbell press"}, []string{"IBP", "BB incline"}},
	{"Decline Barbell Bench Press", barbell, 65, 315, []string{"decline bench", "decline barbell press"}, []string{"DBP"}},
	{"Close-Grip Bench Press", barbell, 65, 285, []string{"close grip bench", "close-grip bench press"}, []string{"CGBP", "CG bench"}},
	{"Paused Bench Press", barbell, 65, 315, []string{"paused bench", "pause bench press"}, nil},
	{"Spoto Press", barbell, 65, 295, []string{"spoto press", "spotos"}, nil},
	{"Larsen Press", barbell, 65, 285, []string{"larsen press", "larsens"}, nil},
	{"Floor Press", barbell, 65, 275, []string{"floor press", "barbell floor press"}, nil},
	{"Pin Press", barbell, 65, 315, []string{"pin press", "pin presses"}, nil},
	{"Dumbbell Bench Press", dumbbell, 20, 120, []string{"dumbbell bench", "dumbbell bench press", "flat dumbbell press"}, []string{"DB bench", "DBBP"}},
	{"Incline Dumbbell Press", dumbbell, 20, 105, []string{"incline dumbbell press", "incline dumbbells"}, []string{"DB incline", "IDBP"}},
	{"Dumbbell Floor Press", dumbbell, 20, 100, []string{"dumbbell floor press"}, []string{"DB floor press"}},
	{"Machine Chest Press", machine, 40, 250, []string{"chest press machine", "machine chest press"}, []string{"MCP"}},
	{"Pec Deck", machine, 40, 220, []string{"pec deck", "machine fly"}, nil},
	{"Cable Fly", cable, 10, 70, []string{"cable fly", "cable flyes", "cable crossovers"}, nil},
	{"Dumbbell Fly", dumbbell, 10, 55, []string{"dumbbell fly", "dumbbell flyes"}, []string{"DB fly"}},
	{"Overhead Press", barbell, 45, 225, []string{"overhead press", "standing press", "military press"}, []string{"OHP", "MP"}},
	{"Push Press", barbell, 65, 275, []string{"push press", "push presses"}, []string{"PP"}},
	{"Seated Dumbbell Shoulder Press", dumbbell, 15, 90, []string{"seated dumbbell press", "dumbbell shoulder press"}, []string{"DB shoulder press", "DBSP"}},
	{"Arnold Press", dumbbell, 15, 70, []string{"arnold press", "arnolds"}, nil},
	{"Z Press", barbell, 45, 165, []string{"z press", "z presses"}, nil},
	{"Landmine Press", barbell, 25, 110, []string{"landmine press", "landmine presses"}, []string{"LM press"}},
	{"Machine Shoulder Press", machine, 30, 200, []string{"shoulder press machine", "machine shoulder press"}, []string{"MSP"}},
	{"Dumbbell Lateral Raise", dumbbell, 8, 40, []string{"lateral raise", "lateral raises", "side raises"}, []string{"DB lats", "LR", "lat raise"}},
	{"Cable Lateral Raise", cable, 5, 35, []string{"cable lateral raise", "cable laterals"}, nil},
	{"Dumbbell Front Raise", dumbbell, 8, 40, []string{"front raise", "front raises"}, nil},
	{"Rear Delt Fly", dumbbell, 8, 40, []string{"rear delt fly", "rear delts"}, []string{"RDF"}},
	{"Reverse Pec Deck", machine, 30, 160, []string{"reverse pec deck", "reverse fly machine"}, nil},
	{"Face Pull", cable, 20, 90, []string{"face pull", "face pulls"}, []string{"FP"}},
	{"Upright Row", barbell, 35, 135, []string{"upright row", "upright rows"}, nil},
	{"Barbell Shrug", barbell, 95, 455, []string{"barbell shrug", "barbell shrugs"}, []string{"BB shrugs"}},
	{"Dumbbell Shrug", dumbbell, 30, 120, []string{"dumbbell shrug", "dumbbell shrugs"}, []string{"DB shrugs"}},
	{"Barbell Row", barbell, 65, 315, []string{"barbell row", "bent over row", "bent-over rows"}, []string{"BOR", "BB row"}},
	{"Pendlay Row", barbell, 95, 315, []string{"pendlay row", "pendlays"}, nil},
	{"Dumbbell Row", dumbbell, 25, 130, []string{"dumbbell row", "one arm row", "single arm dumbbell row"}, []string{"DB row", "DB rows"}},
	{"Chest-Supported Row", machine, 40, 220, []string{"chest supported row", "chest-supported rows"}, []string{"CSR"}},
	{"Seal Row", barbell, 65, 245, []string{"seal row", "seal rows"}, nil},
	{"T-Bar Row", barbell, 45, 270, []string{"t-bar row", "t bar rows"}, []string{"TBR"}},
	{"Meadows Row", barbell, 35, 160, []string{"meadows row", "meadows rows"}, nil},
	{"Seated Cable Row", cable, 60, 260, []string{"seated cable row", "cable rows", "low row"}, []string{"SCR"}},
	{"Machine Row", machine, 50, 260, []string{"machine row", "hammer strength row"}, []string{"HS row"}},
	{"Lat Pulldown", cable, 60, 250, []string{"lat pulldown", "pulldowns", "lat pulldowns"}, []string{"LPD", "lat PD"}},
	{"Close-Grip Pulldown", cable, 60, 220, []string{"close grip pulldown", "close-grip pulldowns"}, []string{"CGPD"}},
	{"Straight-Arm Pulldown", cable, 20, 90, []string{"straight arm pulldown", "straight-arm pulldowns"}, []string{"SAPD"}},
	{"Machine Pullover", machine, 40, 200, []string{"machine pullover", "pullover machine"}, nil},
	{"Dumbbell Pullover", dumbbell, 20, 100, []string{"dumbbell pullover", "dumbbell pullovers"}, []string{"DB pullover"}},
	{"Pull-Up", bodyweight, 5, 90, []string{"pull-ups", "pull ups", "weighted pull-ups"}, []string{"PU", "BW pull-ups"}},
	{"Chin-Up", bodyweight, 5, 90, []string{"chin-ups", "chins", "weighted chins"}, []string{"CU"}},
	{"Neutral-Grip Pull-Up", bodyweight, 5, 80, []string{"neutral grip pull-ups", "neutral-grip pull ups"}, []string{"NGPU"}},
	{"Dip", bodyweight, 10, 135, []string{"dips", "bar dips", "weighted dips"}, nil},
	{"Ring Dip", bodyweight, 5, 60, []string{"ring dips"}, nil},
	{"Push-Up", bodyweight, 10, 90, []string{"push-ups", "push ups", "weighted push-ups"}, nil},
	{"Handstand Push-Up", bodyweight, 5, 30, []string{"handstand push-ups"}, []string{"HSPU", "HSPUs"}},
	{"Inverted Row", bodyweight, 10, 60, []string{"inverted rows", "body rows"}, nil},
	{"Muscle-Up", bodyweight, 5, 30, []string{"muscle-ups", "muscle ups"}, []string{"MU"}},
	{"Barbell Curl", barbell, 35, 135, []string{"barbell curl", "barbell curls"}, []string{"BB curls", "BBC"}},
	{"EZ-Bar Curl", barbell, 30, 125, []string{"easy bar curl", "easy bar curls"}, []string{"EZ curls", "EZ bar curl"}},
	{"Dumbbell Curl", dumbbell, 10, 60, []string{"dumbbell curl", "dumbbell curls"}, []string{"DB curls"}},
	{"Hammer Curl", dumbbell, 10, 70, []string{"hammer curl", "hammer curls"}, []string{"HC"}},
	{"Incline Dumbbell Curl", dumbbell, 10, 45, []string{"incline curl", "incline dumbbell curls"}, []string{"DB incline curl"}},
	{"Preacher Curl", barbell, 30, 115, []string{"preacher curl", "preachers"}, nil},
	{"Cable Curl", cable, 20, 110, []string{"cable curl", "cable curls"}, nil},
	{"Spider Curl", dumbbell, 10, 45, []string{"spider curl", "spider curls"}, nil},
	{"Concentration Curl", dumbbell, 10, 50, []string{"concentration curl", "concentration curls"}, nil},
	{"Reverse Curl", barbell, 25, 85, []string{"reverse curl", "reverse curls"}, nil},
	{"Triceps Pushdown", cable, 20, 120, []string{"tricep pushdown", "pushdowns", "rope pushdowns"}, []string{"TPD"}},
	{"Overhead Triceps Extension", cable, 20, 100, []string{"overhead tricep extension", "overhead extensions"}, []string{"OHTE"}},
	{"Skull Crusher", barbell, 35, 135, []string{"skull crusher", "skull crushers"}, []string{"SC", "EZ skulls"}},
	{"JM Press", barbell, 55, 185, []string{"jm press"}, []string{"JMP"}},
	{"Triceps Kickback", dumbbell, 8, 35, []string{"tricep kickback", "kickbacks"}, []string{"TKB"}},
	{"Leg Press", machine, 180, 900, []string{"leg press", "leg presses"}, []string{"LP"}},
	{"Single-Leg Press", machine, 70, 360, []string{"single leg press", "one leg press"}, []string{"SLP"}},
	{"Leg Extension", machine, 50, 260, []string{"leg extension", "leg extensions"}, []string{"LE"}},
	{"Lying Leg Curl", machine, 40, 180, []string{"lying leg curl", "lying leg curls"}, []string{"LLC"}},
	{"Seated Leg Curl", machine, 50, 220, []string{"seated leg curl", "seated leg curls"}, []string{"SLC"}},
	{"Nordic Curl", bodyweight, 5, 30, []string{"nordic curls", "nordics"}, []string{"NHC"}},
	{"Glute-Ham Raise", bodyweight, 5, 45, []string{"glute ham raise", "glute ham raises"}, []string{"GHR"}},
	{"Back Extension", bodyweight, 10, 90, []string{"back extension", "back extensions"}, []string{"BE"}},
	{"Reverse Hyperextension", machine, 45, 270, []string{"reverse hyper", "reverse hypers"}, []string{"RH"}},
	{"Bulgarian Split Squat", dumbbell, 15, 90, []string{"bulgarian split squat", "bulgarians"}, []string{"BSS", "DB BSS"}},
	{"Barbell Split Squat", barbell, 65, 225, []string{"barbell split squat", "split squats"}, []string{"BB split squat"}},
	{"Walking Lunge", dumbbell, 15, 80, []string{"walking lunge", "walking lunges"}, []string{"WL"}},
	{"Reverse Lunge", dumbbell, 15, 80, []string{"reverse lunge", "reverse lunges"}, []string{"DB reverse lunge"}},
	{"Barbell Lunge", barbell, 65, 225, []string{"barbell lunge", "barbell lunges"}, []string{"BB lunges"}},
	{"Step-Up", dumbbell, 15, 75, []string{"step-up", "step ups"}, nil},
	{"Standing Calf Raise", machine, 70, 400, []string{"standing calf raise", "calf raises"}, []string{"SCR calves"}},
	{"Seated Calf Raise", machine, 45, 225, []string{"seated calf raise", "seated calves"}, nil},
	{"Hip Adduction", machine, 50, 260, []string{"hip adduction", "adductor machine"}, nil},
	{"Hip Abduction", machine, 50, 260, []string{"hip abduction", "abductor machine"}, nil},
	{"Cable Pull-Through", cable, 40, 160, []string{"cable pull through", "pull-throughs"}, []string{"CPT"}},
	{"Cable Glute Kickback", cable, 10, 70, []string{"glute kickback", "cable kickbacks"}, nil},
	{"Power Clean", barbell, 95, 285, []string{"power clean", "power cleans"}, []string{"PC"}},
	{"Hang Clean", barbell, 85, 265, []string{"hang clean", "hang cleans"}, []string{"HC clean"}},
	{"Clean and Jerk", barbell, 95, 295, []string{"clean and jerk", "clean and jerks"}, []string{"C and J"}},
	{"Power Snatch", barbell, 65, 205, []string{"power snatch", "power snatches"}, []string{"PS"}},
	{"Snatch-Grip Deadlift", barbell, 115, 405, []string{"snatch grip deadlift", "snatch-grip pulls"}, []string{"SGDL"}},
	{"Kettlebell Swing", kettlebell, 26, 106, []string{"kettlebell swing", "kettlebell swings"}, []string{"KB swings", "KBS"}},
	{"Kettlebell Clean and Press", kettlebell, 18, 70, []string{"kettlebell clean and press"}, []string{"KB C and P"}},
	{"Kettlebell Snatch", kettlebell, 18, 62, []string{"kettlebell snatch", "kettlebell snatches"}, []string{"KB snatch"}},
	{"Turkish Get-Up", kettlebell, 18, 70, []string{"turkish get-up", "turkish get ups"}, []string{"TGU"}},
	{"Cable Crunch", cable, 40, 180, []string{"cable crunch", "cable crunches"}, nil},
	{"Ab Wheel Rollout", bodyweight, 5, 30, []string{"ab wheel", "ab wheel rollouts"}, nil},
	{"Hanging Leg Raise", bodyweight, 5, 25, []string{"hanging leg raise", "hanging leg raises"}, []string{"HLR"}},
	{"Toes-to-Bar", bodyweight, 5, 20, []string{"toes to bar"}, []string{"TTB"}},
	{"Decline Sit-Up", bodyweight, 5, 45, []string{"decline sit-ups", "decline sit ups"}, nil},
	{"Russian Twist", dumbbell, 10, 50, []string{"russian twist", "russian twists"}, nil},
	{"Pallof Press", cable, 10, 60, []string{"pallof press", "pallofs"}, nil},
	{"Cable Woodchop", cable, 15, 80, []string{"cable woodchop", "woodchops"}, nil},
	{"Wrist Curl", dumbbell, 10, 60, []string{"wrist curl", "wrist curls"}, nil},
	{"Plank", hold, 0, 0, []string{"plank", "front plank"}, nil},
	{"Side Plank", hold, 0, 0, []string{"side plank", "side planks"}, nil},
	{"Dead Hang", hold, 0, 0, []string{"dead hang", "bar hang"}, nil},
	{"Wall Sit", hold, 0, 0, []string{"wall sit"}, nil},
	{"Hollow Hold", hold, 0, 0, []string{"hollow hold", "hollow body hold"}, nil},
	{"L-Sit", hold, 0, 0, []string{"l-sit", "l sit hold"}, nil},
	{"Pigeon Stretch", stretch, 0, 0, []string{"pigeon stretch", "pigeon pose"}, nil},
	{"Couch Stretch", stretch, 0, 0, []string{"couch stretch"}, nil},
	{"Hip Flexor Stretch", stretch, 0, 0, []string{"hip flexor stretch", "kneeling hip flexor stretch"}, nil},
	{"Hamstring Stretch", stretch, 0, 0, []string{"hamstring stretch", "standing hamstring stretch"}, nil},
	{"Quad Stretch", stretch, 0, 0, []string{"quad stretch", "standing quad stretch"}, nil},
	{"Calf Stretch", stretch, 0, 0, []string{"calf stretch", "wall calf stretch"}, nil},
	{"Doorway Chest Stretch", stretch, 0, 0, []string{"doorway stretch", "doorway chest stretch"}, nil},
	{"Lat Stretch", stretch, 0, 0, []string{"lat stretch", "hanging lat stretch"}, nil},
	{"Child's Pose", stretch, 0, 0, []string{"child's pose"}, nil},
	{"Cat-Cow", stretch, 0, 0, []string{"cat cow", "cat cow stretch"}, nil},
	{"Figure-Four Stretch", stretch, 0, 0, []string{"glute stretch"}, nil},
	{"Butterfly Stretch", stretch, 0, 0, []string{"butterfly stretch", "groin stretch"}, nil},
	{"Sleeper Stretch", stretch, 0, 0, []string{"sleeper stretch"}, nil},
	{"Thoracic Rotation Stretch", stretch, 0, 0, []string{"thoracic rotation", "t-spine rotation stretch"}, nil},
}
