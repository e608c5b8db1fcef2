using Influx;

namespace Migration;

/// <summary>Tells a person whose token lacks a right what would grant it.</summary>
internal static class GrantAdvice
{
    /// <summary>Runs work on a bucket; a refusal of rights that it ends with gets the grant that is missing.</summary>
    public static async Task<T> WithGrantAdviceAsync<T>(this IInfluxClient client, string bucket, bool write, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (RejectedException refused) when (LacksRight(refused) && !refused.Message.Contains(client.GrantAdvice(bucket, write), StringComparison.Ordinal))
        {
            throw new RejectedException(refused.Kind, $"{refused.Message}. What lets it {(write ? "write" : "read")}: {client.GrantAdvice(bucket, write)}", refused);
        }
    }

    // A 401 is about who asks, but for 2.x's "read:orgs/… is unauthorized"; and what names the request that grants needs no more.
    private static bool LacksRight(RejectedException refused) =>
        refused.Kind == RejectionKind.Token
        && (!refused.Message.Contains(": 401 ", StringComparison.Ordinal) || refused.Message.Contains(" is unauthorized", StringComparison.Ordinal))
        && !refused.Message.Contains("/api/v2/authorizations", StringComparison.Ordinal);
}
