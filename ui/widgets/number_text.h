// Numbers as the program writes them: a true minus, thin spaces in thousands, fixed decimals by kind.
#pragma once

#include <QString>

namespace attnviz::ui {

QString weightText(double weight);                  // "0.6730", "3.1e−6" below 0.0001, "0" for exactly zero
QString cellText(double weight);                    // ".67" inside a cell, empty below 0.005
QString scoreText(double score, int decimals = 3);  // "0.815"; "–" where there is none (NaN)
QString countText(qint64 count);                    // "2 276" from 1 000 on
QString percentText(double share);                  // "26.7 %"
QString headCountText(qint64 heads);                // "1 head", "12 heads"
QString layerCountText(qint64 layers);
QString tokenCountText(qint64 tokens);
QString meanOfHeadsText(qint64 heads);  // "mean of 12 heads"; of one: "1 head"

}  // namespace attnviz::ui
