package sample

// A region is a part of the body with what the injury rows say about it.
type region struct {
	name        string
	sided       bool
	muscles     string   // what gets sore there
	provoking   []string // lifts that load it
	safe        []string // lifts that spare it
	swaps       []string // easier versions of the provoking lifts
	prehab      []string
	acute       []condition
	chronic     []condition
	tendinitis  []condition
	impingement []condition
	signs       []string // red flags to look for here
	emergency   []emergency
}

// A condition is a possible cause and what tells it from others.
type condition struct{ name, feature string }

// An emergency is a complaint that ends the session.
type emergency struct{ said, sign, condition, place string }

var regions = []region{
	{
		name: "shoulder", sided: true, muscles: "front and side delts",
		provoking: []string{"bench press", "overhead press", "dips", "incline dumbbell press", "upright rows", "push press"},
		safe:      []string{"leg press", "back squat with a safety bar", "leg curls", "seated calf raises", "hip thrusts", "belt squats"},
		swaps:     []string{"neutral-grip dumbbell floor press", "landmine press", "push-ups on handles", "cable press at chest height"},
		prehab:    []string{"banded external rotations", "face pulls", "scapular push-ups", "serratus wall slides"},
		acute: []condition{
			{"rotator cuff strain", "weakness and pain when lifting the arm out to the side against resistance"},
			{"acromioclavicular joint sprain", "tenderness on the bony point at the top of the shoulder"},
			{"pectoral strain", "pain at the front of the armpit that spikes at the bottom of a press"},
		},
		chronic: []condition{
			{"rotator cuff related shoulder pain", "a dull ache that follows pressing volume and eases with rest days"},
			{"acromioclavicular joint irritation", "pain on top of the shoulder when the arm crosses the body"},
			{"posterior capsule tightness", "limited inward rotation with a stretch at the back of the joint"},
		},
		tendinitis: []condition{
			{"supraspinatus tendinopathy", "pain between sixty and one hundred degrees of raising the arm"},
			{"long head of biceps tendinopathy", "tenderness in the groove at the front of the shoulder during curls"},
		},
		impingement: []condition{
			{"subacromial impingement", "a pinch in the painful arc overhead that eases with the palms facing in"},
			{"internal impingement", "pain deep at the back of the joint in the cocked position"},
		},
		signs: []string{"visible deformity or a dropped shoulder contour", "sudden inability to lift the arm", "numbness down the arm", "night pain that no position eases"},
		emergency: []emergency{
			{"my shoulder slid out of place on a snatch and I can't move the arm", "visible deformity and loss of movement after a slip of the joint", "shoulder dislocation", "emergency department"},
			{"felt a loud tear in my chest on the bench, there is a gap at the armpit and bruising already", "audible tear with a visible gap and fast bruising", "pectoralis major rupture", "emergency department"},
		},
	},
	{
		name: "elbow", sided: true, muscles: "triceps and forearms",
		provoking: []string{"skull crushers", "barbell curls", "close-grip bench press", "pull-ups", "straight-bar rows", "dips"},
		safe:      []string{"back squats", "leg press", "leg extensions", "hip thrusts", "walking lunges", "back extensions"},
		swaps:     []string{"rope pushdowns", "hammer curls", "neutral-grip pulldowns", "EZ-bar work with a wider grip"},
		prehab:    []string{"slow wrist extensor eccentrics", "towel twists", "light pronation and supination", "grip work with a soft ball"},
		acute: []condition{
			{"triceps strain", "pain just above the point of the elbow when pushing"},
			{"ulnar collateral ligament sprain", "pain on the inner side with the arm bent and loaded outward"},
			{"distal biceps strain", "pain in the crease of the elbow on a supinated pull"},
		},
		chronic: []condition{
			{"elbow overuse irritation", "an ache after sessions with many straight-bar sets"},
			{"cubital tunnel irritation", "tingling in the ring and little finger when the elbow stays bent"},
			{"triceps overload", "soreness at the back of the elbow that warms up and returns later"},
		},
		tendinitis: []condition{
			{"lateral elbow tendinopathy", "pain on the outer bony point when gripping with the wrist extended"},
			{"medial elbow tendinopathy", "pain on the inner bony point when gripping and flexing the wrist"},
			{"triceps tendinopathy", "pain at the tip of the elbow at lockout"},
		},
		signs: []string{"a popping sound followed by bruising in the crease of the arm", "inability to straighten the elbow", "tingling that stays after the session", "a hot, swollen joint"},
		emergency: []emergency{
			{"my elbow bent the wrong way on a dip and the forearm looks crooked", "visible deformity after the joint was forced backward", "elbow dislocation or fracture", "emergency department"},
			{"something snapped in my elbow crease on a deadlift and my biceps rolled up the arm", "snap with a retracted muscle belly", "distal biceps tendon rupture", "emergency department"},
		},
	},
	{
		name: "wrist", sided: true, muscles: "forearm flexors",
		provoking: []string{"bench press", "front squats", "push-ups", "barbell curls", "power cleans", "handstand holds"},
		safe:      []string{"leg press", "back squats", "leg curls", "hip thrusts", "sled drags", "machine rows with straps"},
		swaps:     []string{"dumbbell press with a neutral grip", "push-ups on handles", "EZ-bar curls", "front squats with straps"},
		prehab:    []string{"wrist circles", "rice bucket work", "finger extensions with a band", "light wrist curls in both directions"},
		acute: []condition{
			{"wrist sprain", "pain and swelling after the hand was forced back under load"},
			{"scaphoid injury", "tenderness in the hollow at the base of the thumb"},
			{"extensor tendon strain", "pain at the back of the wrist when lifting the hand"},
		},
		chronic: []condition{
			{"dorsal wrist overload", "an ache at the back of the wrist that follows pressing days"},
			{"flexor overuse", "tightness on the palm side after many gripping sets"},
			{"carpal tunnel irritation", "tingling in the thumb and first fingers, worse at night"},
		},
		tendinitis: []condition{
			{"de Quervain tendinopathy", "pain at the thumb side of the wrist when the thumb is tucked into the fist"},
			{"extensor carpi ulnaris tendinopathy", "pain at the little-finger side when the palm turns up"},
		},
		impingement: []condition{
			{"dorsal wrist impingement", "a pinch at the back of the wrist at the bottom of a push-up"},
			{"ulnar-sided impingement", "a pinch at the little-finger side when the hand tilts outward under load"},
		},
		signs: []string{"deformity or fast swelling", "loss of grip strength overnight", "numb fingers that stay numb", "pain in the hollow of the thumb after a fall"},
		emergency: []emergency{
			{"I fell with the bar in the catch and my wrist is bent like a fork, hand is going numb", "deformity with numbness after a fall", "displaced wrist fracture", "emergency department"},
		},
	},
	{
		name: "lower back", muscles: "spinal erectors",
		provoking: []string{"deadlifts", "back squats", "good mornings", "barbell rows", "kettlebell swings", "Romanian deadlifts"},
		safe:      []string{"chest-supported rows", "leg extensions", "lat pulldowns", "machine chest press", "lying leg curls", "seated lateral raises"},
		swaps:     []string{"trap bar deadlift from blocks", "goblet squat to a box", "hip thrusts", "belt squats", "single-arm supported rows"},
		prehab:    []string{"bird dogs", "side planks", "dead bugs", "cat-cow with slow breathing"},
		acute: []condition{
			{"lumbar muscle strain", "one-sided pain beside the spine that came on during a rep"},
			{"facet joint irritation", "sharp pain when leaning back and to one side"},
			{"lumbar disc irritation", "pain that grows with bending forward and with sitting"},
		},
		chronic: []condition{
			{"non-specific low back pain from load", "stiffness the morning after heavy hinging that eases through the day"},
			{"facet joint overload", "an ache after sessions with much arching"},
			{"disc-related back pain", "more pain after sitting and first thing in the morning"},
		},
		impingement: []condition{
			{"facet joint impingement", "a pinch on one side when standing up out of a bend"},
			{"lumbar extension intolerance", "a pinch at the top of hip extensions and overhead work"},
		},
		signs: []string{"loss of bladder or bowel control", "numbness in the saddle area", "weakness in one foot", "pain below the knee with tingling", "fever with back pain"},
		emergency: []emergency{
			{"since the deadlift my groin is numb and I couldn't control my bladder this morning", "saddle numbness with loss of bladder control", "cauda equina syndrome", "emergency department"},
			{"my back went and now my right foot drags when I walk, numb down the shin", "new weakness of the foot with numbness", "nerve root compression with motor loss", "emergency department"},
		},
	},
	{
		name: "hip", sided: true, muscles: "glutes and hip flexors",
		provoking: []string{"back squats", "sumo deadlifts", "walking lunges", "leg raises", "leg press", "box jumps"},
		safe:      []string{"bench press", "lat pulldowns", "chest-supported rows", "seated shoulder press", "face pulls", "dumbbell curls"},
		swaps:     []string{"box squat above parallel", "hip thrusts in a short range", "split squats with a narrow stance", "sled pushes"},
		prehab:    []string{"side-lying leg raises", "Copenhagen planks from the knee", "hip airplanes", "banded lateral walks"},
		acute: []condition{
			{"hip flexor strain", "pain at the front of the hip when lifting the knee"},
			{"adductor strain", "pain on the inner thigh when squeezing the knees together"},
			{"gluteal strain", "pain in the buttock when driving out of the hole"},
		},
		chronic: []condition{
			{"gluteal overload", "an ache at the outer hip after high squat volume"},
			{"hip flexor overuse", "tightness in front that follows much sitting and many leg raises"},
			{"adductor overload", "a dull groin ache after wide-stance pulls"},
		},
		tendinitis: []condition{
			{"gluteal tendinopathy", "pain on the bony point of the hip when lying on that side"},
			{"iliopsoas tendinopathy", "a snap and ache at the front when the leg lowers"},
			{"proximal adductor tendinopathy", "pain at the groin insertion at the start of a session"},
		},
		impingement: []condition{
			{"femoroacetabular impingement", "a pinch in the groin at the bottom of the squat"},
			{"labral irritation", "a catch deep in the groin when turning under load"},
		},
		signs: []string{"inability to put weight on the leg", "a locking hip", "groin pain at rest and at night", "numbness in the inner thigh"},
		emergency: []emergency{
			{"I slipped under the bar, heard a crack in my hip and can't stand on the leg", "crack with inability to bear weight", "hip fracture", "emergency department"},
		},
	},
	{
		name: "knee", sided: true, muscles: "quads",
		provoking: []string{"back squats", "leg extensions", "walking lunges", "box jumps", "leg press", "running downhill"},
		safe:      []string{"bench press", "seated cable rows", "lat pulldowns", "hip thrusts", "lying leg curls", "overhead press seated"},
		swaps:     []string{"box squat to a high box", "reverse sled drags", "Spanish squat holds", "step-ups to a low step", "leg press in the upper half"},
		prehab:    []string{"wall sits", "terminal knee extensions", "slow step-downs", "tibialis raises"},
		acute: []condition{
			{"medial collateral ligament sprain", "pain on the inner side after the knee fell inward"},
			{"meniscus tear", "pain on the joint line with catching when it bends"},
			{"patellar subluxation", "the kneecap moved to the outside and came back"},
		},
		chronic: []condition{
			{"patellofemoral pain", "an ache around the kneecap on stairs and after long sitting"},
			{"iliotibial band irritation", "pain on the outer side that starts at the same point of a run"},
			{"fat pad irritation", "pain below the kneecap when the knee locks out hard"},
		},
		tendinitis: []condition{
			{"patellar tendinopathy", "pain on the lower tip of the kneecap that rises with jumping and deep squats"},
			{"quadriceps tendinopathy", "pain just above the kneecap in the bottom position"},
			{"pes anserinus tendinopathy", "pain on the inner side a hand below the joint"},
		},
		impingement: []condition{
			{"fat pad impingement", "a pinch under the kneecap in full extension"},
			{"plica impingement", "a snap on the inner side between thirty and sixty degrees of bend"},
		},
		signs: []string{"swelling within two hours", "a knee that locks or gives way", "inability to take four steps", "a calf that is hot and swollen"},
		emergency: []emergency{
			{"knee popped on a squat, it blew up like a balloon and won't take any weight", "pop with swelling within minutes and no weight bearing", "cruciate ligament rupture or fracture", "emergency department"},
			{"my kneecap is sitting on the side of my leg after a lunge", "visible displacement of the kneecap", "patellar dislocation", "emergency department"},
		},
	},
	{
		name: "hamstring", sided: true, muscles: "hamstrings",
		provoking: []string{"Romanian deadlifts", "sprints", "good mornings", "Nordic curls", "stiff-leg deadlifts", "lying leg curls"},
		safe:      []string{"bench press", "seated rows", "leg extensions", "overhead press", "lat pulldowns", "calf raises"},
		swaps:     []string{"hip thrusts", "leg curls in the middle range", "trap bar deadlift with bent knees", "glute bridges"},
		prehab:    []string{"isometric bridges", "sliding leg curls", "slow Romanian deadlifts with a light bar", "single-leg bridges"},
		acute: []condition{
			{"hamstring strain", "a sudden grab in the back of the thigh with pain on stretch"},
			{"proximal hamstring strain", "pain at the sit bone after a fast or deep hinge"},
			{"semitendinosus strain", "pain on the inner back of the thigh near the knee"},
		},
		chronic: []condition{
			{"hamstring overload", "tightness that returns with every hinge day"},
			{"sciatic nerve sensitivity", "a pulling line down the leg that changes with the neck position"},
			{"recurrent hamstring tightness", "the same spot tightens at higher speeds"},
		},
		tendinitis: []condition{
			{"proximal hamstring tendinopathy", "pain at the sit bone when sitting and in deep hinges"},
			{"distal hamstring tendinopathy", "pain behind the knee at the outer tendon during curls"},
		},
		signs: []string{"bruising down the thigh", "a gap or lump in the muscle", "numbness below the knee", "inability to walk without a limp"},
		emergency: []emergency{
			{"heard a bang at my sit bone in a deep pull, the whole thigh is black and I can't bend the knee", "bang with massive bruising and loss of knee bend", "hamstring avulsion", "emergency department"},
		},
	},
	{
		name: "Achilles", sided: true, muscles: "calves",
		provoking: []string{"running", "box jumps", "standing calf raises", "power cleans", "weighted step-ups", "push press", "hill repeats"},
		safe:      []string{"bench press", "leg extensions", "seated rows", "hip thrusts", "lat pulldowns", "cycling with an easy gear"},
		swaps:     []string{"seated calf raises with a slow tempo", "rowing machine intervals", "pool running", "isometric calf holds"},
		prehab:    []string{"isometric heel raises", "slow heel drops on the flat", "toe walking", "soleus raises with a bent knee"},
		acute: []condition{
			{"calf strain", "a sudden sting in the muscle when pushing off"},
			{"Achilles strain", "pain in the tendon during a jump"},
			{"plantaris strain", "a snap high in the calf with little weakness"},
		},
		chronic: []condition{
			{"calf overload", "tightness that builds over the week of running"},
			{"retrocalcaneal irritation", "pain where the shoe presses on the heel"},
			{"soleus overuse", "a deep ache low in the calf after easy miles"},
		},
		tendinitis: []condition{
			{"mid-portion Achilles tendinopathy", "morning stiffness and a sore, thick spot a few fingers above the heel"},
			{"insertional Achilles tendinopathy", "pain at the heel bone, worse on hills and in flat shoes"},
		},
		impingement: []condition{
			{"posterior ankle impingement", "a pinch behind the ankle when the foot points hard"},
			{"retrocalcaneal impingement", "a pinch in front of the tendon with the heel dropped low"},
		},
		signs: []string{"a bang like a kick to the heel", "inability to rise on the toes", "a swollen, warm calf", "redness that spreads"},
		emergency: []emergency{
			{"felt a kick in the heel during box jumps, nobody was there, and I can't push off at all", "sudden bang with no push-off", "Achilles tendon rupture", "emergency department"},
			{"my calf is hot, red and twice its size since the flight and I'm short of breath", "swollen warm calf with shortness of breath", "deep vein thrombosis with possible embolism", "emergency services"},
		},
	},
	{
		name: "ankle", sided: true, muscles: "shins and calves",
		provoking: []string{"box jumps", "walking lunges", "trail running", "front squats", "split squats", "back squats"},
		safe:      []string{"bench press", "leg extensions", "seated rows", "lat pulldowns", "lying leg curls", "seated press"},
		swaps:     []string{"box squats with raised heels", "cycling", "sled pulls at a walk", "leg press with a mid-foot stance"},
		prehab:    []string{"single-leg balance", "banded eversions", "ankle alphabet", "calf raises with control"},
		acute: []condition{
			{"lateral ankle sprain", "pain in front of the outer ankle after rolling in"},
			{"high ankle sprain", "pain above the joint when the foot turns out"},
			{"peroneal strain", "pain behind the outer ankle when pushing outward"},
		},
		chronic: []condition{
			{"chronic ankle instability", "a feeling of giving way on uneven ground"},
			{"peroneal overload", "an ache behind the outer ankle after runs on a slope"},
			{"joint stiffness after a sprain", "limited bend that blocks squat depth"},
		},
		impingement: []condition{
			{"anterior ankle impingement", "a pinch at the front of the ankle in the bottom of the squat"},
			{"anterolateral impingement", "a pinch at the outer front when landing"},
		},
		signs: []string{"inability to take four steps", "pain on pressing the bone", "deformity", "a cold or numb foot"},
		emergency: []emergency{
			{"came off the box, the ankle cracked and the foot points outward, toes feel cold", "crack with deformity and a cold foot", "ankle fracture with circulation at risk", "emergency department"},
		},
	},
	{
		name: "neck", muscles: "upper traps",
		provoking: []string{"barbell shrugs", "overhead press", "low-bar squats", "deadlifts", "upright rows", "sit-ups with hands behind the head"},
		safe:      []string{"leg press", "chest-supported rows", "leg curls", "hip thrusts", "leg extensions", "cable pull-throughs"},
		swaps:     []string{"landmine press", "safety bar squats", "farmer carries with light handles", "cable lateral raises"},
		prehab:    []string{"chin tucks", "isometric neck holds in four directions", "thoracic extensions over a roller", "slow shoulder blade circles"},
		acute: []condition{
			{"cervical muscle strain", "one-sided pain and limited turning after a hard rep"},
			{"facet joint lock", "sharp pain at the end of turning to one side"},
			{"trapezius spasm", "a tight band from the neck to the shoulder"},
		},
		chronic: []condition{
			{"upper trapezius overload", "an ache that builds with desk hours and pressing volume"},
			{"cervicogenic headache", "headache that starts in the neck on heavy days"},
			{"postural neck pain", "stiffness that eases when moving"},
		},
		impingement: []condition{
			{"cervical facet impingement", "a pinch on one side when looking up"},
			{"foraminal narrowing", "a pinch with a tingle toward the shoulder when tilting"},
		},
		signs: []string{"tingling or weakness in an arm", "dizziness or double vision", "sudden severe headache", "fever with a stiff neck"},
		emergency: []emergency{
			{"bar slid onto my neck in a squat, now both hands tingle and my legs feel heavy", "tingling in both hands with heavy legs after a blow", "spinal cord injury", "emergency services"},
			{"worst headache of my life hit me mid set, neck is stiff and I see double", "sudden severe headache with double vision", "arterial dissection or bleeding", "emergency services"},
		},
	},
	{
		name: "chest", muscles: "pecs",
		provoking: []string{"bench press", "dips", "cable flyes", "incline dumbbell press", "push-ups", "pec deck"},
		safe:      []string{"leg press", "lat pulldowns", "chest-supported rows", "leg curls", "back squats", "face pulls"},
		swaps:     []string{"floor press", "push-ups with hands raised", "machine press in the upper half", "cable press with a band"},
		prehab:    []string{"slow push-up negatives", "doorway stretch with low force", "serratus punches", "thoracic openers"},
		acute: []condition{
			{"pectoral strain", "a grab near the armpit at the bottom of a press"},
			{"costochondral sprain", "sharp pain beside the breastbone when pressing on it"},
			{"intercostal strain", "pain between the ribs with deep breaths and twisting"},
		},
		chronic: []condition{
			{"pectoral overload", "tightness across the front that follows pressing volume"},
			{"costochondritis", "tender spots beside the breastbone for weeks"},
			{"pectoralis minor tightness", "an ache below the collarbone with rounded shoulders"},
		},
		signs: []string{"pressure on the chest that spreads to the arm or jaw", "shortness of breath at rest", "cold sweat", "fainting"},
		emergency: []emergency{
			{"chest feels crushed during rows, it goes into my left arm and jaw and I'm sweating cold", "chest pressure that spreads to arm and jaw with cold sweat", "acute coronary syndrome", "emergency services"},
			{"I passed out after my last set and my heart keeps skipping", "collapse on effort with irregular heartbeat", "exertional arrhythmia", "emergency services"},
		},
	},
	{
		name: "foot", sided: true, muscles: "calves and soles",
		provoking: []string{"running", "skipping rope", "farmer carries", "barefoot lunges", "weighted step-ups", "standing calf raises"},
		safe:      []string{"bench press", "leg extensions", "seated rows", "lat pulldowns", "lying leg curls", "swimming"},
		swaps:     []string{"cycling", "rowing machine at low drag", "seated calf raises", "incline walking in cushioned shoes"},
		prehab:    []string{"towel scrunches", "calf raises with a rolled towel under the toes", "big toe lifts", "rolling the sole on a ball"},
		acute: []condition{
			{"midfoot sprain", "pain on top of the foot when rising on the toes"},
			{"plantar fascia strain", "a sudden sting under the arch"},
			{"metatarsal bruise", "pain under the ball of the foot after a hard landing"},
		},
		chronic: []condition{
			{"plantar heel pain", "the first steps in the morning hurt most"},
			{"metatarsalgia", "a burning ache under the ball of the foot after long runs"},
			{"bone stress reaction", "a point on the bone that hurts more with every run"},
		},
		tendinitis: []condition{
			{"posterior tibial tendinopathy", "pain behind the inner ankle with a tired arch"},
			{"peroneal tendinopathy", "pain at the outer edge of the foot when pushing off"},
		},
		signs: []string{"pain on one point of the bone at rest", "inability to bear weight", "numb toes", "an open or discoloured wound"},
		emergency: []emergency{
			{"dropped a plate on my foot, bone is showing and it won't stop bleeding", "open wound over bone with bleeding", "open fracture", "emergency services"},
		},
	},
}
