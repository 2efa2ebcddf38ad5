// Where the tokens stand along an edge of a map, so that they never collide: horizontal while they fit, then
// turned by 60°, then by 90°, then only every so-manieth with a mark at its place; where even those would say
// little (every 20th and less), ticks with an index. Long tokens are elided.
//
// The layout is a pure function of lengths, so that the window and a figure share it and tests can read it.
#pragma once

#include <QColor>
#include <QString>
#include <QStringList>
#include <functional>
#include <vector>

class QPainter;

namespace attnviz::ui {

enum class TokenAxisForm { horizontal, turned60, turned90, ticks };

constexpr bool isTurned(TokenAxisForm form) {
    return form == TokenAxisForm::turned60 || form == TokenAxisForm::turned90;
}

struct TokenAxisRequest {
    const QStringList* labels = nullptr;  // one a token
    bool across = true;                   // along the top (keys); else down the left (queries)
    double lower = 0, upper = 0;          // what is seen, in tokens: token i covers [i, i + 1)
    double length = 0;                    // of the edge, in pixels
    double maxBreadth = 0;                // what the labels may take across the edge
    double lineHeight = 16;
    std::function<double(const QString&)> widthOf;
    bool indices = false;    // ask for the index beside each token where there is room
    double tightest = 0.73;  // how close lines of neighbours may come, in line heights
};

struct TokenAxisLabel {
    int token = 0;
    double at = 0;  // middle of the token, in pixels from the beginning of the edge
    QString text;   // elided as it is drawn
    bool operator==(const TokenAxisLabel&) const = default;
};

struct TokenAxisLayout {
    TokenAxisForm form = TokenAxisForm::horizontal;
    bool indices = false;
    int step = 1;        // every so-manieth token has a label; those of a multiple of it
    double breadth = 0;  // what the labels take across the edge
    double indexBreadth = 0;
    std::vector<TokenAxisLabel> labels;
    std::vector<double> minorTicks;  // between ticks, or at thinned labels; in pixels
};

TokenAxisLayout layoutTokenAxis(const TokenAxisRequest& request);

// The longest beginning of `text`, and "…", that is at most `width` wide; `text` itself if that fits.
QString elided(const QString& text, double width, const std::function<double(const QString&)>& widthOf);

// Draws into a rectangle of the edge: `x`, `y` is where the edge begins (the map's corner); labels stand
// above it (across) or left of it. `marked` tokens are drawn bold in `markColor`; -1 for none.
struct TokenAxisPaint {
    double x = 0, y = 0;
    bool across = true;
    int marked = -1;
    int fontPixels = 11;
    double lineHeight = 16;
    const std::vector<bool>* bold = nullptr;  // by token: drawn bold in `boldColor`; null: none
    QColor boldColor = {};
    const std::vector<int>* numbers = nullptr;  // by token: said instead of its index; below 0: nothing
    QColor ground = {};                         // painted behind labels that lie on others; none if invalid
};
void paintTokenAxis(QPainter& painter, const TokenAxisLayout& layout, const TokenAxisPaint& paint,
                    const QColor& text, const QColor& dim, const QColor& markColor);

}  // namespace attnviz::ui
