namespace Influx;

/// <summary>Which end of a migration a token is for.</summary>
public enum TokenRole
{
    /// <summary>Reads what is moved.</summary>
    Source,

    /// <summary>Writes it, and reads it back.</summary>
    Destination,
}

/// <summary>What a migration needs of a token.</summary>
/// <param name="Role">Which end it is for.</param>
/// <param name="Buckets">The buckets that are there: of a source those to read, of a destination those to read and write.</param>
/// <param name="CreatesIn">The orgs, as <see cref="BucketPlan.Org"/>, in which buckets are to be made; empty for none.</param>
/// <param name="MayCreate">Whether the right to make buckets is no excess although none is to be made: an earlier run made them.</param>
public sealed record TokenNeed(TokenRole Role, IReadOnlyList<Bucket> Buckets, IReadOnlyList<string?> CreatesIn, bool MayCreate = false);

/// <summary>What a token can do beyond what is needed of it, found out by the token itself and without a change at the server.</summary>
/// <param name="Excess">What is much more than the migration needs, each as the end of the sentence "it …"; empty for a token that fits.</param>
/// <param name="Remarks">What should be known but stops nothing, each a sentence.</param>
public sealed record TokenScope(IReadOnlyList<string> Excess, IReadOnlyList<string> Remarks);
