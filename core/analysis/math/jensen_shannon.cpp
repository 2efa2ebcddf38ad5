#include "core/analysis/math/jensen_shannon.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numbers>

// As in row_kernels.cpp: two machine codes, of which the loader picks one.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define ATTNVIZ_VECTORISED __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define ATTNVIZ_VECTORISED
#endif

namespace attnviz {
namespace {

constexpr int kLanes = 4;
using Doubles = double __attribute__((vector_size(32)));
using Bits = std::uint64_t __attribute__((vector_size(32)));
#define ATTNVIZ_INLINE inline __attribute__((always_inline))

// ln x for normal x > 0, within one unit in the last place: x = 2^k m with m in [sqrt(1/2), sqrt(2)), and the
// polynomial of fdlibm's log in s = (m - 1) / (m + 1).
ATTNVIZ_INLINE void logarithm(Doubles& x) {
    constexpr std::uint64_t kRootHalf = 0x3FE6A09E00000000U, kOne = 0x3FF0000000000000U;
    const Bits bits = reinterpret_cast<Bits>(x) + (kOne - kRootHalf);
    const Bits mantissa = (bits & 0x000FFFFFFFFFFFFFU) + kRootHalf;
    // The exponent becomes a number in the low bits of 2^52: there is no instruction for it before AVX-512.
    const Bits exponent = (bits >> 52U) | 0x4330000000000000U;
    const Doubles k = reinterpret_cast<Doubles>(exponent) - (4503599627370496.0 + 1023.0);
    const Doubles f = reinterpret_cast<Doubles>(mantissa) - 1.0;
    const Doubles s = f / (f + 2.0);
    const Doubles z = s * s;
    Doubles r = z * 1.479819860511658591e-01 + 1.531383769920937332e-01;
    r = r * z + 1.818357216161805012e-01;
    r = r * z + 2.222219843214978396e-01;
    r = r * z + 2.857142874366239149e-01;
    r = r * z + 3.999999999940941908e-01;
    r = r * z + 6.666666666666735130e-01;
    r = r * z;
    const Doubles half = 0.5 * f * f;
    x = k * 6.93147180369123816490e-01 - ((half - (s * (half + r) + k * 1.90821492927058770002e-10)) - f);
}

// m ln m of four cells; cells of 0 give 0.
ATTNVIZ_INLINE void addTerms(const Doubles& m, Doubles& sum) {
    Doubles log = m > 1e-300 ? m : Doubles{} + 1.0;
    logarithm(log);
    sum += m * log;
}

}  // namespace

ATTNVIZ_VECTORISED
double mixtureLogSum(std::span<const double> p, std::span<const double> q) {
    const double* left = p.data();
    const double* right = q.data();
    const std::size_t count = p.size();
    Doubles a, b, sum{}, next{};
    std::size_t i = 0;
    for (; i + 2 * kLanes <= count; i += 2 * kLanes) {
        std::memcpy(&a, left + i, sizeof a);
        std::memcpy(&b, right + i, sizeof b);
        addTerms((a + b) * 0.5, sum);
        std::memcpy(&a, left + i + kLanes, sizeof a);
        std::memcpy(&b, right + i + kLanes, sizeof b);
        addTerms((a + b) * 0.5, next);
    }
    for (; i < count; i += kLanes) {
        const std::size_t some = std::min<std::size_t>(kLanes, count - i);
        a = b = Doubles{};
        for (std::size_t lane = 0; lane < some; ++lane) {
            a[lane] = left[i + lane];
            b[lane] = right[i + lane];
        }
        addTerms((a + b) * 0.5, sum);
    }
    sum += next;
    return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

double jensenShannon(double logSumOfP, double logSumOfQ, double logSumOfMixture) {
    return std::clamp((logSumOfP + logSumOfQ) / 2 - logSumOfMixture, 0.0, std::numbers::ln2);
}

double jensenShannon(std::span<const double> p, std::span<const double> q) {
    return jensenShannon(mixtureLogSum(p, p), mixtureLogSum(q, q), mixtureLogSum(p, q));
}

}  // namespace attnviz
