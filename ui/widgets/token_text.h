// A token as a person reads it, always plain text: a leading space is "·", line breaks and tabs are marks,
// and what could disturb (controls, bidirectional overrides) is escaped visibly.
#pragma once

#include <QString>
#include <QStringList>
#include <string_view>
#include <vector>

#include "core/text/token.h"

class QPainter;
class QRectF;
class QColor;

namespace attnviz::ui {

inline constexpr int kLongestTokenText = 64;  // characters kept of a label; a token may be a megabyte

QString tokenText(std::string_view text);
QStringList tokenTexts(const std::vector<Token>& tokens);
// For places that cannot be told that text is plain (tooltips): markup is escaped.
QString plainToolTip(const QString& text);

// Draws a label made by tokenText with its leading marks dimmed. `alignment` as for QPainter::drawText.
void drawTokenText(QPainter& painter, const QRectF& place, int alignment, const QString& text,
                   const QColor& color, const QColor& dimColor);

}  // namespace attnviz::ui
