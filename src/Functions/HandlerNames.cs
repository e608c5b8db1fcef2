namespace Functions;

/// <summary>The handlers of the one executable; <c>_HANDLER</c> chooses, and each is a function of its own.</summary>
public static class HandlerNames
{
    /// <summary>Checks the input and takes the migration's lock.</summary>
    public const string Validate = "validate";

    /// <summary>Makes the plan and the destination buckets.</summary>
    public const string Plan = "plan";

    /// <summary>Exports one chunk.</summary>
    public const string Export = "export";

    /// <summary>Seals what was exported.</summary>
    public const string Stage = "stage";

    /// <summary>Imports one chunk.</summary>
    public const string Import = "import";

    /// <summary>Verifies one chunk.</summary>
    public const string Verify = "verify";

    /// <summary>Writes the report, and moves the mark of an incremental migration.</summary>
    public const string Report = "report";

    /// <summary>Rotates the tokens; beside the flow, and only where an environment asks for it.</summary>
    public const string Rotate = "rotate";

    /// <summary>Those of the flow, in its order.</summary>
    public static IReadOnlyList<string> All { get; } = [Validate, Plan, Export, Stage, Import, Verify, Report];
}
