// A layerable of the comparison that paints by a member function of the view, and the measures that placing
// and painting share. Private to compare_view.cpp, compare_placing.cpp and compare_painting.cpp.
#pragma once

#include "ui/widgets/compare_view.h"

namespace attnviz::ui {

inline constexpr double kCompareTitle = 22;

class CompareView::Painted final : public QCPLayerable {
 public:
    using Paint = void (CompareView::*)(QCPPainter&);
    Painted(CompareView& view, const QString& layer, Paint paint)
        : QCPLayerable(&view, layer), m_view(view), m_paint(paint) {}

 protected:
    void applyDefaultAntialiasingHint(QCPPainter* painter) const override { painter->setAntialiasing(false); }
    void draw(QCPPainter* painter) override { (m_view.*m_paint)(*painter); }

 private:
    CompareView& m_view;
    Paint m_paint;
};

}  // namespace attnviz::ui
