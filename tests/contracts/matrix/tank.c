/* A heated tank, dT/dt = (10 degC + heater - T) / lag, for FMI 2 and FMI 3, co-simulation and model exchange.

   Value references: 0 heater (input, %), 1 T (output and state, K), 2 lag (tunable parameter, s), 3 T0 (start value, K),
   4 boils (discrete output: 1 from the moment on when T passes 360 K), 5 der(T), 6 ends (a run above 390 K ends itself).
   One file for both: what is not called by a version is simply there. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct { double time, v[7]; } Tank;

#define OK 0
#define ERROR 3

static double settles(const Tank *t) { return 283.15 + t->v[0]; }

static Tank *fresh(void) {
    Tank *t = calloc(1, sizeof(Tank));
    t->v[0] = 40.0; t->v[1] = 323.15; t->v[2] = 100.0; t->v[3] = 323.15;
    return t;
}

static void events(Tank *t) { if (t->v[1] >= 360.0) t->v[4] = 1.0; }

static int step(Tank *t, double h) {
    if (!(t->v[2] > 0.0)) return ERROR;
    t->v[1] = settles(t) + (t->v[1] - settles(t)) * exp(-h / t->v[2]);
    t->time += h;
    events(t);
    return OK;
}

static int get(Tank *t, const unsigned *vr, size_t n, double *out) {
    for (size_t i = 0; i < n; i++) out[i] = vr[i] == 5 ? (settles(t) - t->v[1]) / t->v[2] : t->v[vr[i]];
    return OK;
}
static int set(Tank *t, const unsigned *vr, size_t n, const double *in) {
    for (size_t i = 0; i < n; i++) t->v[vr[i]] = in[i];
    return OK;
}
static int begin(Tank *t) { t->v[1] = t->v[3]; return OK; }
static int derivative(Tank *t, double *d) {
    if (!(t->v[2] > 0.0)) return ERROR;
    *d = (settles(t) - t->v[1]) / t->v[2];
    return OK;
}

#define BOTH(prefix, flag)                                                                                            \
    int prefix##SetDebugLogging(Tank *t, flag on, size_t n, const char *const c[]) { return OK; }                     \
    void prefix##FreeInstance(Tank *t) { free(t); }                                                                   \
    int prefix##ExitInitializationMode(Tank *t) { return begin(t); }                                                  \
    int prefix##EnterEventMode(Tank *t) { return OK; }                                                                \
    int prefix##EnterContinuousTimeMode(Tank *t) { return OK; }                                                       \
    int prefix##SetTime(Tank *t, double time) { t->time = time; return OK; }                                          \
    int prefix##SetContinuousStates(Tank *t, const double *x, size_t n) { t->v[1] = x[0]; return OK; }                \
    int prefix##GetContinuousStates(Tank *t, double *x, size_t n) { x[0] = t->v[1]; return OK; }                      \
    int prefix##GetNominalsOfContinuousStates(Tank *t, double *x, size_t n) { x[0] = 300.0; return OK; }              \
    int prefix##GetEventIndicators(Tank *t, double *z, size_t n) { z[0] = t->v[1] - 360.0; return OK; }               \
    int prefix##Terminate(Tank *t) { return OK; }                                                                     \
    int prefix##Reset(Tank *t) { return OK; }

BOTH(fmi2, int)
BOTH(fmi3, _Bool)

void *fmi2Instantiate(const char *name, int type, const char *guid, const char *where, const void *f, int v, int log) {
    return strcmp(guid, "tank") ? NULL : fresh();
}
int fmi2SetupExperiment(Tank *t, int has, double tolerance, double start, int stops, double stop) { return OK; }
int fmi2EnterInitializationMode(Tank *t) { return OK; }
int fmi2GetReal(Tank *t, const unsigned *vr, size_t n, double *out) { return get(t, vr, n, out); }
int fmi2SetReal(Tank *t, const unsigned *vr, size_t n, const double *in) { return set(t, vr, n, in); }
int fmi2GetInteger(Tank *t, const unsigned *vr, size_t n, int *out) {
    for (size_t i = 0; i < n; i++) out[i] = (int)t->v[vr[i]];
    return OK;
}
int fmi2DoStep(Tank *t, double at, double h, int keep) {
    if (t->v[1] > 390.0) return 2; /* discard: the simulation ends itself */
    return step(t, h);
}
int fmi2GetBooleanStatus(Tank *t, int kind, int *value) { *value = kind == 2; return OK; }
int fmi2GetDerivatives(Tank *t, double *d, size_t n) { return derivative(t, d); }
int fmi2CompletedIntegratorStep(Tank *t, int keep, int *enter, int *ends) {
    *enter = 0; *ends = t->v[1] > 390.0; return OK;
}
typedef struct { int needed, ends, nominals, values, defined; double next; } EventInfo;
int fmi2NewDiscreteStates(Tank *t, EventInfo *e) { events(t); memset(e, 0, sizeof *e); return OK; }
int fmi2GetFMUstate(Tank *t, void **s) { *s = malloc(sizeof *t); memcpy(*s, t, sizeof *t); return OK; }
int fmi2SetFMUstate(Tank *t, void *s) { memcpy(t, s, sizeof *t); return OK; }
int fmi2FreeFMUstate(Tank *t, void **s) { free(*s); *s = NULL; return OK; }
int fmi2SerializedFMUstateSize(Tank *t, void *s, size_t *n) { *n = sizeof *t; return OK; }
int fmi2SerializeFMUstate(Tank *t, void *s, char *out, size_t n) { memcpy(out, s, n); return OK; }
int fmi2DeSerializeFMUstate(Tank *t, const char *in, size_t n, void **s) { *s = malloc(n); memcpy(*s, in, n); return OK; }

void *fmi3InstantiateCoSimulation(const char *name, const char *token, const char *where, _Bool v, _Bool log, _Bool events,
                                  _Bool early, const unsigned *vr, size_t n, void *env, void *say, void *update) {
    return fresh();
}
void *fmi3InstantiateModelExchange(const char *name, const char *token, const char *where, _Bool v, _Bool log, void *env,
                                   void *say) {
    return fresh();
}
int fmi3EnterInitializationMode(Tank *t, _Bool has, double tolerance, double start, _Bool stops, double stop) { return OK; }
int fmi3GetFloat64(Tank *t, const unsigned *vr, size_t n, double *out, size_t m) { return get(t, vr, n, out); }
int fmi3SetFloat64(Tank *t, const unsigned *vr, size_t n, const double *in, size_t m) { return set(t, vr, n, in); }
int fmi3GetInt32(Tank *t, const unsigned *vr, size_t n, int *out, size_t m) { return fmi2GetInteger(t, vr, n, out); }
int fmi3DoStep(Tank *t, double at, double h, _Bool keep, _Bool *event, _Bool *ends, _Bool *early, double *last) {
    *event = *early = 0;
    *ends = t->v[1] > 390.0;
    *last = at + h;
    return *ends ? OK : step(t, h);
}
int fmi3GetContinuousStateDerivatives(Tank *t, double *d, size_t n) { return derivative(t, d); }
int fmi3CompletedIntegratorStep(Tank *t, _Bool keep, _Bool *enter, _Bool *ends) {
    *enter = 0; *ends = t->v[1] > 390.0; return OK;
}
int fmi3UpdateDiscreteStates(Tank *t, _Bool *needed, _Bool *ends, _Bool *nominals, _Bool *values, _Bool *defined, double *next) {
    events(t);
    *needed = *ends = *nominals = *values = *defined = 0;
    *next = 0.0;
    return OK;
}
int fmi3GetFMUState(Tank *t, void **s) { return fmi2GetFMUstate(t, s); }
int fmi3SetFMUState(Tank *t, void *s) { return fmi2SetFMUstate(t, s); }
int fmi3FreeFMUState(Tank *t, void **s) { return fmi2FreeFMUstate(t, s); }
int fmi3SerializedFMUStateSize(Tank *t, void *s, size_t *n) { *n = sizeof *t; return OK; }
int fmi3SerializeFMUState(Tank *t, void *s, unsigned char *out, size_t n) { memcpy(out, s, n); return OK; }
int fmi3DeserializeFMUState(Tank *t, const unsigned char *in, size_t n, void **s) { return fmi2DeSerializeFMUstate(t, (const char *)in, n, s); }

/* What the standard asks for and a tank has no use for. */
#define FAILS(name) int name(void) { return ERROR; }
FAILS(fmi2CancelStep) FAILS(fmi2GetBoolean) FAILS(fmi2GetDirectionalDerivative) FAILS(fmi2GetIntegerStatus)
FAILS(fmi2GetRealOutputDerivatives) FAILS(fmi2GetRealStatus) FAILS(fmi2GetStatus) FAILS(fmi2GetString)
FAILS(fmi2GetStringStatus) FAILS(fmi2GetTypesPlatform) FAILS(fmi2GetVersion) FAILS(fmi2SetBoolean)
FAILS(fmi2SetInteger) FAILS(fmi2SetRealInputDerivatives) FAILS(fmi2SetString) FAILS(fmi3ActivateModelPartition)
FAILS(fmi3EnterConfigurationMode) FAILS(fmi3EnterStepMode) FAILS(fmi3EvaluateDiscreteStates)
FAILS(fmi3ExitConfigurationMode) FAILS(fmi3GetAdjointDerivative) FAILS(fmi3GetBinary) FAILS(fmi3GetBoolean)
FAILS(fmi3GetClock) FAILS(fmi3GetDirectionalDerivative) FAILS(fmi3GetFloat32) FAILS(fmi3GetInt16)
FAILS(fmi3GetInt64) FAILS(fmi3GetInt8) FAILS(fmi3GetIntervalDecimal) FAILS(fmi3GetIntervalFraction)
FAILS(fmi3GetNumberOfContinuousStates) FAILS(fmi3GetNumberOfEventIndicators)
FAILS(fmi3GetNumberOfVariableDependencies) FAILS(fmi3GetOutputDerivatives) FAILS(fmi3GetShiftDecimal)
FAILS(fmi3GetShiftFraction) FAILS(fmi3GetString) FAILS(fmi3GetUInt16) FAILS(fmi3GetUInt32) FAILS(fmi3GetUInt64)
FAILS(fmi3GetUInt8) FAILS(fmi3GetVariableDependencies) FAILS(fmi3GetVersion)
FAILS(fmi3InstantiateScheduledExecution) FAILS(fmi3SetBinary) FAILS(fmi3SetBoolean) FAILS(fmi3SetClock)
FAILS(fmi3SetFloat32) FAILS(fmi3SetInt16) FAILS(fmi3SetInt32) FAILS(fmi3SetInt64) FAILS(fmi3SetInt8)
FAILS(fmi3SetIntervalDecimal) FAILS(fmi3SetIntervalFraction) FAILS(fmi3SetShiftDecimal) FAILS(fmi3SetShiftFraction)
FAILS(fmi3SetString) FAILS(fmi3SetUInt16) FAILS(fmi3SetUInt32) FAILS(fmi3SetUInt64) FAILS(fmi3SetUInt8)
